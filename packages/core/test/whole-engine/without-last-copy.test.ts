import { expect, test, vi } from 'vitest'
import { everyCrossing } from './crossed-renames.ts'

vi.mock('../../src/decide/plan.ts', async (original) => ({
  ...(await original<typeof import('../../src/decide/plan.ts')>()),
  lastCopies: () => new Set(),
}))

test('crossing renames lose content without the rule of the last copy', async () => {
  const found = await everyCrossing()
  expect(found.some((violation) => violation.includes('lost'))).toBe(true)
})
