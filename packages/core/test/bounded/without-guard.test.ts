import { expect, test, vi } from 'vitest'
import { TIMEOUT } from './bound.ts'
import { everyIntrusion } from './every-schedule.ts'

vi.mock('../../src/execute/guard.ts', async (original) => ({
  ...(await original<typeof import('../../src/execute/guard.ts')>()),
  isStill: () => true,
  isMoved: () => true,
  expectStill: async () => undefined,
  expectAbsent: async () => undefined,
}))

test(
  'what somebody does meanwhile is overwritten without the local guard',
  { timeout: TIMEOUT },
  async () => {
    expect((await everyIntrusion('local', 'in-place', 60)).found.length).toBeGreaterThan(0)
  },
)
