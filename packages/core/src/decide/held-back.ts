import type { Path } from '../model/entry.ts'
import type { Action, Unbrought } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'

/**
 * True for a removal that is left undone: something did not get to the side that it is on, and may be what is removed there.
 *
 * @param arrived what is at its place, of what removals wait for
 */
export function isHeldBack(
  removal: Action,
  { up, down }: Unbrought,
  arrived: ReadonlySet<Path>,
): boolean {
  // The source of a move goes only while its destination is seen to hold the content.
  if (
    removal.kind === 'remove-remote' &&
    removal.after !== undefined &&
    !arrived.has(removal.after)
  )
    return true
  return (removal.kind === 'remove-local' ? down : up).size > 0
}

/** What a run would come to in which nothing fails: without the removals that it would leave undone, each of which is a problem. */
export function withoutHeldBack(
  actions: readonly Action[],
  unbrought: Unbrought,
): {
  readonly actions: readonly Action[]
  readonly held: readonly Action[]
  readonly problems: readonly Problem[]
} {
  const arrived = new Set(actions.filter((action) => !isRemoval(action)).map(({ path }) => path))
  const held = new Set(
    actions.filter((action) => isRemoval(action) && isHeldBack(action, unbrought, arrived)),
  )
  return {
    actions: actions.filter((action) => !held.has(action)),
    held: [...held],
    problems: [...held].map(keptForSafety),
  }
}

export function keptForSafety({ path }: Action): Problem {
  return { path, code: 'kept-for-safety' }
}

export function isRemoval({ kind }: Action): boolean {
  return kind === 'remove-local' || kind === 'remove-remote'
}
