import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digesterOf } from '../../src/provider/digester.ts'

const md5 = (...parts: readonly Uint8Array[]): Buffer => {
  const hasher = createHash('md5')
  for (const part of parts) hasher.update(part)
  return hasher.digest()
}
const crc32 = (part: Uint8Array): string => zlib.crc32(part).toString(16).padStart(8, '0')

test('digests of parts do not depend on how the bytes come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 50 }),
      (chunks, size) => {
        const whole = Buffer.concat(chunks)
        const parts: Uint8Array[] = []
        for (let at = 0; at < whole.length; at += size) parts.push(whole.subarray(at, at + size))
        // What is empty is one part.
        if (parts.length === 0) parts.push(whole)
        const digester = digesterOf([`md5/${size}`, `crc32/${size}`, 'md5', 'crc32', 'sha256'])
        for (const chunk of chunks) digester.update(chunk)
        expect(digester.digest()).toEqual({
          [`md5/${size}`]: `${md5(...parts.map((part) => md5(part))).toString('hex')}-${parts.length}`,
          [`crc32/${size}`]: parts.map(crc32).join(''),
          md5: md5(whole).toString('hex'),
          crc32: crc32(whole),
          sha256: createHash('sha256').update(whole).digest('hex'),
        })
      },
    ),
  )
})

test('what is not known here is left out', () => {
  expect(digesterOf(['crc32c', 'crc64nvme']).digest()).toEqual({})
})
