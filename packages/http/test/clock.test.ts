import { expect, test } from 'vitest'
import { clockFinding, clockSkew } from '../src/clock.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const answer = { headers: { date: 'Sun, 01 Mar 2026 12:00:00 GMT' } }

test('clocks are compared in the middle of the request, and of the second that is told', () => {
  expect(clockSkew(answer, NOON, NOON + 1000)).toBe(0)
  expect(clockSkew(answer, NOON - 4000, NOON - 1000)).toBe(3000)
  expect(clockSkew(answer, NOON + 60_000, NOON + 60_000)).toBe(-59_500)
})

test('of a store that does not tell its time nothing is known', () => {
  expect(clockSkew({ headers: {} }, NOON, NOON)).toBeNaN()
  expect(clockSkew({ headers: { date: 'noon' } }, NOON, NOON)).toBeNaN()
})

test.each([
  [Number.NaN, true, 'The store does not tell its time.'],
  [60_000, true, "This computer's clock agrees with the store's."],
  [-60_000, true, "This computer's clock agrees with the store's."],
  [60_600, false, "This computer's clock is 61 s behind the store's: set it."],
  [-3_600_000, false, "This computer's clock is 3600 s ahead of the store's: set it."],
])('a clock that is %d ms off', (skew, ok, message) => {
  expect(clockFinding(skew)).toEqual({ check: 'clock', ok, message })
})
