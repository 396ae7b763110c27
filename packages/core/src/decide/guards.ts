import type { GuardName, Halt, MaxDelete, Plan } from '../model/plan.ts'
import { isFolderKey } from '../model/path.ts'

/** Guards speak up from this many files on; below, a person sees at a glance what happens. */
const FEW = 10

export const DEFAULT_MAX_DELETE: MaxDelete = { percent: 50 }

export interface GuardFacts {
  readonly plan: Plan
  /** Files whose content changed here, and there, since the base. */
  readonly changed: { readonly local: number; readonly remote: number }
  /** Files that are the same on both sides, the unchanged ones among them. */
  readonly same: number
  /** The run is about the whole repository. */
  readonly whole: boolean
  /** No row in the database before this run. */
  readonly first: boolean
  /** Whether a side holds anything at all, folders included. */
  readonly anything: { readonly local: boolean; readonly remote: boolean }
  readonly maxDelete: MaxDelete
  readonly allow: readonly GuardName[]
}

/** What looks like an accident rather than work: the run halts before any effect unless the guard is passed by name. */
export function judgeGuards(facts: GuardFacts): readonly Halt[] {
  const halts = [...massDelete(facts), ...emptied(facts), ...massChange(facts), ...unrelated(facts)]
  return halts.filter((halt) => !facts.allow.includes(halt.guard))
}

function massDelete({ plan, maxDelete }: GuardFacts): Halt[] {
  const { counts, actions } = plan
  return (['local', 'remote'] as const).flatMap((side) => {
    const total = side === 'local' ? counts.local : counts.remote
    const affected = actions.filter(
      (action) =>
        action.kind === `remove-${side}` &&
        !isFolderKey(action.path) &&
        !(action.kind === 'remove-remote' && action.move === true),
    ).length
    const limit = 'count' in maxDelete ? maxDelete.count : (total * maxDelete.percent) / 100
    return total >= FEW && affected > limit
      ? [{ guard: 'mass-delete', side, affected, total } as const]
      : []
  })
}

function emptied({ plan, whole, anything }: GuardFacts): Halt[] {
  if (!whole) return []
  return (['local', 'remote'] as const).flatMap((side) => {
    const other = side === 'local' ? 'remote' : 'local'
    // Without a base only a mirror removes anything.
    const total = plan.counts.base === 0 ? plan.counts[other] : plan.counts.base
    // The mark of a folder with something in it is no content.
    const removes = plan.actions.some(
      (action) => action.kind === `remove-${other}` && !('filled' in action && action.filled),
    )
    return !anything[side] && removes
      ? [{ guard: 'emptied', side, affected: total, total } as const]
      : []
  })
}

function massChange({ plan, changed, whole }: GuardFacts): Halt[] {
  const total = plan.counts.base
  if (!whole || total < FEW) return []
  return (['local', 'remote'] as const).flatMap((side) =>
    changed[side] >= total
      ? [{ guard: 'mass-change', side, affected: changed[side], total } as const]
      : [],
  )
}

function unrelated({ plan, first, same }: GuardFacts): Halt[] {
  const smaller = Math.min(plan.counts.local, plan.counts.remote)
  return first && smaller > 0 && same * 2 < smaller
    ? [{ guard: 'unrelated', side: 'remote', affected: smaller - same, total: smaller }]
    : []
}
