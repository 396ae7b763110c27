import { expect, test } from 'vitest'
import type { DiskFile } from '../../src/disk/disk.ts'
import type { Effects } from '../../src/execute/context.ts'
import { UploadBuffers } from '../../src/execute/upload-buffers.ts'
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
  buffers: UploadBuffers,
): (part: number, send: (source: ByteSource) => Promise<void>) => Promise<void> {
  const effects = {
    bandwidth: { up: { limited: false } },
    uploadBuffers: buffers,
    onEvent: () => undefined,
  }
  const parts = new Parts(effects as unknown as Effects, file as DiskFile, SIZE)
  return (part, send) => parts.lend({ from: part * SIZE, to: (part + 1) * SIZE }, {}, signal, send)
}

test('parts come in pieces, and a buffer is used again only after it was sent', async () => {
  const lend = partsOf(new UploadBuffers(2 * SIZE))
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

test('of all files together so many bytes are held, whatever their sizes, and no memory stays', async () => {
  const capacity = 12 * SIZE
  const buffers = new UploadBuffers(capacity)
  let [held, most] = [0, 0]
  const seen = new Set<ArrayBufferLike>()
  await Promise.all(
    Array.from({ length: 60 }, (_, index) => {
      // What is larger than all that may be held goes by itself.
      const size = index === 7 ? 50 * SIZE : (1 + (index % 4)) * SIZE
      return buffers.lend(size, signal, async (bytes) => {
        expect(bytes.length).toBe(size)
        held += Math.min(size, capacity)
        most = Math.max(most, held)
        seen.add(bytes.buffer)
        const ends = [0, size >> 1, size - 1]
        for (const at of ends) bytes[at] = index
        await new Promise((resolve) => setImmediate(resolve))
        for (const at of ends) expect(bytes[at]).toBe(index)
        held -= Math.min(size, capacity)
      })
    }),
  )
  expect(most).toBe(capacity)
  expect(seen.size).toBeLessThan(30)
  await buffers.lend(1, signal, async (bytes) => {
    expect(seen.has(bytes.buffer)).toBe(false)
  })
})
