import type { Path } from '../model/entry.ts'
import { ancestorsOf, isWithin } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import { isDownward, isUpward } from './plan.ts'

/**
 * Of a whole that was looked at, what is for the named paths: they themselves, and the places elsewhere that content of theirs has moved to. Where
 * such a place is a folder of which something was not named, that stays, and so nothing can come there.
 *
 * @param removals also those that were not named
 */
export function onlyNamed(
  actions: readonly Action[],
  within: readonly Path[],
  removals: readonly Action[],
): { readonly actions: readonly Action[]; readonly taken: readonly TakenPlace[] } {
  if (within.length === 0) return { actions, taken: [] }
  const awaited = new Set(
    actions.flatMap((action) =>
      action.kind === 'remove-remote' && action.after !== undefined ? [action.after] : [],
    ),
  )
  const isNamed = (action: Action): boolean =>
    isWithin(action.path, within) ||
    awaited.has(action.path) ||
    (action.kind === 'move-local' && isWithin(action.source, within))
  const ours = actions.filter(isNamed)
  /** Folders with something in them that would go, had it been named. */
  const filledBy = (leaves: (action: Action) => readonly Path[]): ReadonlySet<Path> => {
    const goes = new Set(ours.flatMap(leaves))
    return new Set(
      removals.flatMap(leaves).flatMap((path) =>
        // The mark of an empty folder is in nobody's way.
        goes.has(path) ? [] : ancestorsOf(path).filter((folder) => `${folder}/` !== path),
      ),
    )
  }
  const filled = { here: filledBy(leavesHere), there: filledBy(leavesThere) }
  const taken: TakenPlace[] = []
  const named = ours.filter((action) => {
    const up = isUpward(action) && filled.there.has(action.path)
    if (!up && !(isDownward(action) && filled.here.has(action.path))) return true
    taken.push({
      side: up ? 'up' : 'down',
      problem: {
        path: action.path,
        code: up ? 'below-a-file' : 'in-the-way',
        detail: `it is a folder ${up ? 'there' : 'here'}, and not all that is in it was named`,
      },
    })
    return false
  })
  return { actions: named, taken }
}

/** Where something new was to come, and does not. */
export interface TakenPlace {
  /** The side that it does not come to. */
  readonly side: 'up' | 'down'
  readonly problem: Problem
}

function leavesHere(action: Action): readonly Path[] {
  if (action.kind === 'move-local') return [action.source]
  return action.kind === 'remove-local' ? [action.path] : []
}

function leavesThere(action: Action): readonly Path[] {
  return action.kind === 'remove-remote' ? [action.path] : []
}
