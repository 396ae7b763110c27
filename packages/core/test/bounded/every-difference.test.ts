import { expect, test } from 'vitest'
import { TIMEOUT } from './bound.ts'
import { BITS, everyDifference, PLACES } from './every-difference.ts'

test.each([
  ['what is written anew', 'fresh', {}],
  ['what is saved in place, and never copied on the server', 'in-place', { notCopied: true }],
  ['what is renamed', 'renamed', {}],
] as const)('%s', { timeout: TIMEOUT }, async (_, manner, sabotage) => {
  expect(await everyDifference(PLACES, { manner, sabotage, tries: 250 })).toEqual([])
})

test('bits and empty files', { timeout: TIMEOUT }, async () => {
  expect(await everyDifference(BITS, { manner: 'renamed', tries: 150 })).toEqual([])
})
