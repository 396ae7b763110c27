import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestsOfEtag, partCountFor, partLength, partSizeFor } from '../src/parts.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const md5 = '0123456789abcdef0123456789abcdef'

test('parts have 8 MiB, until there would be more than 10,000', () => {
  expect(partSizeFor(0)).toBe(8 * MIB)
  expect(partSizeFor(80_000 * MIB)).toBe(8 * MIB)
  expect(partSizeFor(80_000 * MIB + 1)).toBe(16 * MIB)
  expect(partSizeFor(5 * 1024 * GIB)).toBe(1024 * MIB)
})

test('the parts are the file, within what S3 allows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * 1024 * GIB }), (size) => {
      const count = partCountFor(size)
      expect(count).toBeLessThanOrEqual(10_000)
      expect(partSizeFor(size)).toBeLessThanOrEqual(5 * GIB)
      const last = partLength(size, count)
      expect(last).toBeGreaterThan(0)
      expect((count - 1) * partSizeFor(size) + last).toBe(size)
    }),
  )
  expect(partCountFor(0)).toBe(1)
})

test('an ETag tells a digest only where it can be one', () => {
  expect(digestsOfEtag(md5, 5)).toEqual({ md5 })
  expect(digestsOfEtag(`${md5}-3`, 17 * MIB)).toEqual({ [`md5/${8 * MIB}`]: `${md5}-3` })
  expect(digestsOfEtag(`${md5}-1`, 5)).toEqual({ [`md5/${8 * MIB}`]: `${md5}-1` })
  // Parts of another size than ours.
  expect(digestsOfEtag(`${md5}-4`, 17 * MIB)).toEqual({})
  expect(digestsOfEtag('abc', 5)).toEqual({})
  expect(digestsOfEtag(md5.toUpperCase(), 5)).toEqual({})
})
