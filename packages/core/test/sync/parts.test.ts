import { expect, test } from 'vitest'
import type { DiskFile } from '../../src/disk/disk.ts'
import type { Effects } from '../../src/execute/context.ts'
import { PartBuffers } from '../../src/execute/part-buffers.ts'
import { Parts } from '../../src/execute/sending.ts'
import type { ByteSource } from '../../src/provider/index.ts'

const SIZE = 1024 * 1024

/** Holds one letter a part. */
const file: Pick<DiskFile, 'readInto'> = {
  async readInto(buffer, from) {
    buffer.fill(65 + from / SIZE)
    return buffer.length
  },
}

const { signal } = new AbortController()

function partsOf(
  buffers: PartBuffers,
): (part: number, send: (source: ByteSource) => Promise<void>) => Promise<void> {
  const effects = {
    bandwidth: { up: { limited: false } },
    partBuffers: buffers,
    onEvent: () => undefined,
  }
  const parts = new Parts(effects as unknown as Effects, file as DiskFile, SIZE)
  return (part, send) => parts.lend({ from: part * SIZE, to: (part + 1) * SIZE }, signal, send)
}

test('parts come in pieces, and a buffer is used again only after it was sent', async () => {
  const lend = partsOf(new PartBuffers(2))
  const buffers = new Set<ArrayBufferLike | undefined>()
  const other = Promise.withResolvers<void>()
  const waiting = lend(9, () => other.promise)
  await lend(0, async (source) => {
    buffers.add(source.bytes?.buffer)
    const pieces: number[] = []
    for await (const piece of source.open(100, signal)) {
      expect(piece[0]).toBe(65)
      pieces.push(piece.length)
    }
    expect(pieces.reduce((sum, length) => sum + length, 0)).toBe(SIZE - 100)
    expect(Math.max(...pieces)).toBeLessThanOrEqual(256 * 1024)
  })
  const failed = lend(1, async (source) => {
    buffers.add(source.bytes?.buffer)
    throw new Error('not sent')
  })
  await expect(failed).rejects.toThrow('not sent')
  expect(buffers.size).toBe(1)
  await lend(2, async (source) => {
    buffers.add(source.bytes?.buffer)
    expect(source.bytes?.[0]).toBe(67)
  })
  expect(buffers.size).toBe(2)
  other.resolve()
  await waiting
})

test('of all files together so many parts are held, whatever their sizes, and no memory stays', async () => {
  const buffers = new PartBuffers(3)
  let [held, most] = [0, 0]
  const seen = new Set<ArrayBufferLike>()
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      buffers.lend(1000 + (index % 4) * 1000, signal, async (bytes) => {
        expect(bytes.length).toBe(1000 + (index % 4) * 1000)
        held++
        most = Math.max(most, held)
        seen.add(bytes.buffer)
        bytes.fill(index)
        await new Promise((resolve) => setImmediate(resolve))
        expect(bytes.every((byte) => byte === index)).toBe(true)
        held--
      }),
    ),
  )
  expect(most).toBe(3)
  await buffers.lend(1, signal, async (bytes) => {
    expect(seen.has(bytes.buffer)).toBe(false)
  })
})
