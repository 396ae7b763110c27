import { expect, test } from 'vitest'
import { bytesSource } from '../../src/provider/index.ts'

const { signal } = new AbortController()

test('bytes in memory can be opened again and again, from anywhere', async () => {
  const bytes = Buffer.from('content')
  const source = bytesSource(bytes, { md5: '00' })
  expect(source).toMatchObject({ size: 7, digests: { md5: '00' }, bytes })
  for (const [from, expected] of [
    [0, 'content'],
    [3, 'tent'],
    [7, ''],
    [0, 'content'],
  ] as const) {
    const chunks: Uint8Array[] = []
    for await (const chunk of source.open(from, signal)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe(expected)
  }
  expect(bytesSource(bytes).digests).toEqual({})
})
