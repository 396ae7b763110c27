import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCrc32c } from '../src/crc32c.ts'
import { RunningChecksum } from '../src/running-checksum.ts'

const crc32c = await loadCrc32c()

test('is of the bytes from the first one on, however often parts of them come', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(60), fc.nat(60))),
      (bytes, parts) => {
        const running = new RunningChecksum(crc32c, 0, 0, true)
        let reached = 0
        for (const [at, length] of parts) {
          const part = bytes.subarray(at, at + length)
          running.take(part, at)
          if (at <= reached) reached = Math.max(reached, at + part.length)
        }
        reached = Math.min(reached, bytes.length)
        const known = bytes.subarray(0, reached)
        expect(running.summed).toBe(reached)
        expect(running.crc >>> 0).toBe(crc32c(known) >>> 0)
        expect(running.isOtherThan(createHash('sha256').update(known).digest('hex'))).toBe(false)
      },
    ),
  )
})

test('goes on from what was written down, but knows no SHA-256 then', () => {
  const bytes = Buffer.from('what another process began')
  const first = new RunningChecksum(crc32c, 0, 0, true)
  first.take(bytes.subarray(0, 10), 0)
  const second = new RunningChecksum(crc32c, first.crc, first.summed, true)
  second.take(bytes, 0)
  expect(second.summed).toBe(bytes.length)
  expect(second.crc >>> 0).toBe(crc32c(bytes) >>> 0)
  expect(first.isOtherThan('0'.repeat(64))).toBe(true)
  expect(second.isOtherThan('0'.repeat(64))).toBe(false)
})
