import { expect, test } from 'vitest'
import { comingRound } from '../src/index.ts'

test.each([
  [0, 1],
  [0, 2],
  [3, 1],
  [3, 7],
  [50, 100],
])('a way that comes round is seen: %i places, then %i over and over', (before, circle) => {
  const round = comingRound()
  let steps = 0
  while (!round(String(steps < before ? steps : before + ((steps - before) % circle)))) steps++
  expect(steps).toBeLessThan(4 * (before + circle))
})

test('one that never does is not', () => {
  const round = comingRound()
  for (let place = 0; place < 10_000; place++) expect(round(String(place))).toBe(false)
})
