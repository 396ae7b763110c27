import { vi } from 'vitest'
import type { RemoveRemoteAction } from '../../src/model/plan.ts'
import { failsWithout, FEW, TRIED } from './without.ts'

vi.mock('../../src/decide/plan.ts', async (original) => {
  const real = await original<typeof import('../../src/decide/plan.ts')>()
  return {
    ...real,
    // Removals before everything else, and before they could know of a failed transfer.
    schedule: (actions: Parameters<typeof real.schedule>[0]) => {
      const groups = real.schedule(actions)
      const unbound = groups.removals.map((action) =>
        action.kind === 'remove-remote' ? omitAfter(action) : action,
      )
      return { ...groups, clearing: [...groups.clearing, ...unbound], removals: [] }
    },
  }
})

/** A move's removal waits for its destination by itself. */
function omitAfter({ after: _after, ...action }: RemoveRemoteAction): RemoveRemoteAction {
  return action
}

failsWithout('the order of removals', { disksBreak: true }, FEW * 3, TRIED * 8)
