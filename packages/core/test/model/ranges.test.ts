import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, joinRanges, missingRanges } from '../../src/model/ranges.ts'

const SIZE = 60
const anyRanges = fc.array(
  fc
    .tuple(fc.nat(SIZE), fc.nat(SIZE))
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
  { maxLength: 8 },
)
const bytes = (ranges: readonly { readonly from: number; readonly to: number }[]): Set<number> =>
  new Set(ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)))

test('joined ranges are the same bytes, ascending and apart', () => {
  fc.assert(
    fc.property(anyRanges, (ranges) => {
      const joined = joinRanges(ranges)
      expect(bytes(joined)).toEqual(bytes(ranges))
      expect(bytesOf(joined)).toBe(bytes(ranges).size)
      joined.forEach(({ from }, index) => expect(from).toBeGreaterThan(joined[index - 1]?.to ?? -1))
    }),
  )
})

test('what is missing and what is there make the whole, once, in pieces that are short enough', () => {
  fc.assert(
    fc.property(anyRanges, fc.integer({ min: 1, max: 20 }), (ranges, step) => {
      const missing = missingRanges(SIZE, ranges, step)
      expect(bytesOf(missing) + bytesOf(joinRanges(ranges))).toBe(SIZE)
      expect(new Set([...bytes(missing), ...bytes(ranges)]).size).toBe(SIZE)
      for (const { from, to } of missing) expect(to - from).toBeLessThanOrEqual(step)
    }),
  )
})
