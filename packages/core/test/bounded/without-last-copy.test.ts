import { expect, test, vi } from 'vitest'
import { everyDifference, PLACES } from './every-difference.ts'

vi.mock('../../src/decide/plan.ts', async (original) => ({
  ...(await original<typeof import('../../src/decide/plan.ts')>()),
  lastCopies: () => new Set(),
}))

test('outcomes are others without the rule of the last copy', async () => {
  const found = await everyDifference(PLACES, { manner: 'renamed', tries: 600 })
  expect(found.length).toBeGreaterThan(0)
})
