import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, GrowingRanges, joinRanges, missingRanges } from '../../src/model/ranges.ts'

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

test('ranges that grow say what they are, and how far all is there from the beginning', () => {
  fc.assert(
    fc.property(
      anyRanges,
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.nat(SIZE), fc.integer({ min: 1, max: 5 })), { maxLength: 100 }),
      (ranges, step, growth) => {
        const growing = new GrowingRanges(ranges)
        const model = bytes(ranges)
        const pieces = missingRanges(SIZE, ranges, step).map(({ from, to }) => ({
          from,
          at: from,
          to,
        }))
        for (const [index, length] of [[0, 0] as const, ...growth]) {
          const piece = pieces[index % Math.max(pieces.length, 1)]
          if (piece !== undefined && length > 0) {
            const end = Math.min(piece.at + length, piece.to)
            for (; piece.at < end; piece.at++) model.add(piece.at)
            growing.grow(piece.from, piece.at)
          }
          expect(growing.ranges).toEqual(
            joinRanges([...model].map((at) => ({ from: at, to: at + 1 }))),
          )
          let front = 0
          while (model.has(front)) front++
          expect(growing.front).toBe(front)
        }
      },
    ),
  )
})
