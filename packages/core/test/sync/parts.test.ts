import { expect, test } from 'vitest'
import type { DiskFile } from '../../src/disk/disk.ts'
import type { Effects } from '../../src/execute/context.ts'
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

test('parts come in pieces, and a buffer is used again only after it was sent', async () => {
  const effects = { bandwidth: { up: { limited: false } }, onEvent: () => undefined }
  const parts = new Parts(effects as unknown as Effects, file as DiskFile, SIZE)
  const lend = (part: number, send: (source: ByteSource) => Promise<void>): Promise<void> =>
    parts.lend({ from: part * SIZE, to: (part + 1) * SIZE }, send)
  const buffers = new Set<ArrayBufferLike | undefined>()
  await lend(0, async (source) => {
    buffers.add(source.bytes?.buffer)
    const pieces: number[] = []
    for await (const piece of source.open(100, new AbortController().signal)) {
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
})
