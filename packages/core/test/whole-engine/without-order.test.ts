import { vi } from 'vitest'
import { failsWithout, FEW } from './without.ts'

vi.mock('../../src/decide/plan.ts', async (original) => {
  const real = await original<typeof import('../../src/decide/plan.ts')>()
  return {
    ...real,
    // Removals before everything else, and before they could know of a failed transfer.
    schedule: (actions: Parameters<typeof real.schedule>[0]) => {
      const groups = real.schedule(actions)
      return { ...groups, clearing: [...groups.clearing, ...groups.removals], removals: [] }
    },
  }
})

failsWithout('the order of removals', { disksBreak: true }, FEW * 3)
