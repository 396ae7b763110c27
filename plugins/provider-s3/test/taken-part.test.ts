import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { taken } from '../src/taken-part.ts'

const { signal } = new AbortController()
const bytes = Buffer.from('one part of a larger file')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const hex = zlib.crc32(bytes).toString(16).padStart(8, '0')
const crc32 = Buffer.from(hex, 'hex').toString('base64')

/** In two chunks that lie in the same memory, one after the other. */
function source(announced: number, digests = {}) {
  return {
    size: announced,
    digests,
    async *open() {
      const memory = Buffer.alloc(20)
      for (const part of [bytes.subarray(0, 20), bytes.subarray(20)]) {
        part.copy(memory)
        yield memory.subarray(0, part.length)
      }
    },
  }
}

test('a part is read once, and its checksums are known before it is sent', async () => {
  const once = source(bytes.length)
  const open = vi.spyOn(once, 'open')
  const part = await taken('k', once, { length: bytes.length, isChecked: false, signal })
  expect(part).toEqual({ body: bytes, length: bytes.length, crc32, sha256 })
  expect(open).toHaveBeenCalledTimes(1)
})

test('a part that is in memory is not read at all', async () => {
  const held = { ...source(bytes.length), bytes }
  const open = vi.spyOn(held, 'open')
  expect(await taken('k', held, { length: bytes.length, isChecked: false, signal })).toEqual({
    body: bytes,
    length: bytes.length,
    crc32,
    sha256,
  })
  expect(open).not.toHaveBeenCalled()
})

test('what the store checks by itself is not signed, nor hashed for that', async () => {
  expect(
    await taken('k', source(bytes.length), { length: bytes.length, isChecked: true, signal }),
  ).toEqual({
    body: bytes,
    length: bytes.length,
    crc32,
  })
})

test('what the store checks is not read for a checksum that is announced', async () => {
  const announced = source(bytes.length, { crc32: '01234567' })
  const { crc32: sent } = await taken('k', announced, {
    length: bytes.length,
    isChecked: true,
    signal,
  })
  expect(sent).toBe(Buffer.from('01234567', 'hex').toString('base64'))
})

test('an announced checksum is checked here where the store does not', async () => {
  const right = source(bytes.length, { crc32: hex })
  expect(await taken('k', right, { length: bytes.length, isChecked: false, signal })).toMatchObject(
    { crc32, sha256 },
  )
  const wrong = source(bytes.length, { crc32: '01234567' })
  await expect(
    taken('k', wrong, { length: bytes.length, isChecked: false, signal }),
  ).rejects.toMatchObject({
    code: 'bad-digest',
  })
})

test.each([
  ['longer', source(10), 10],
  ['shorter', source(100), 100],
  ['another one', source(bytes.length, { sha256: '0'.repeat(64) }), bytes.length],
  [
    'another one, beside a right checksum',
    source(bytes.length, { sha256: '0'.repeat(64), crc32: hex }),
    bytes.length,
  ],
])('a part that is %s than announced is not sent', async (_, wrong, length) => {
  for (const isChecked of [true, false])
    await expect(taken('k', wrong, { length, isChecked, signal })).rejects.toMatchObject({
      code: 'bad-digest',
    })
})
