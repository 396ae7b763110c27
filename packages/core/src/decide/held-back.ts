import type { Path } from '../model/entry.ts'
import { ancestorsOf } from '../model/path.ts'
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

/** What was to be removed on the remote, and is there still. */
export class Standing {
  readonly #paths = new Set<Path>()
  /** The folders that these are in. */
  readonly #filled = new Set<Path>()

  add({ kind, path }: Action): void {
    if (kind !== 'remove-remote') return
    this.#paths.add(path)
    for (const folder of ancestorsOf(path)) this.#filled.add(folder)
  }

  /** True for a transfer to a place that was not cleared: a store of keys would take a file and others below its name. */
  isInTheWayOf({ kind, path }: Action): boolean {
    return (
      (kind === 'upload' || kind === 'keep-both') &&
      (this.#filled.has(path) || ancestorsOf(path).some((folder) => this.#paths.has(folder)))
    )
  }
}

/**
 * What a run would come to in which nothing fails: without the removals that it would leave undone, and what they are in the way of, each of which is a
 * problem.
 */
export function withoutHeldBack(
  actions: readonly Action[],
  { up, down }: Unbrought,
  lacking = withoutRoom(actions, { up, down }),
): {
  readonly actions: readonly Action[]
  readonly held: readonly Action[]
  readonly problems: readonly Problem[]
} {
  const unbrought = { up: new Set([...up, ...lacking]), down }
  const coming = actions.filter((action) => !isRemoval(action) && !lacking.has(action.path))
  const arrived = new Set(coming.map(({ path }) => path))
  const held = new Set(
    actions.filter((action) =>
      isRemoval(action) ? isHeldBack(action, unbrought, arrived) : lacking.has(action.path),
    ),
  )
  return {
    actions: actions.filter((action) => !held.has(action)),
    held: [...held],
    problems: [...held].map(heldBackProblem),
  }
}

/** Paths that nothing is sent to, since what would have made room for it stays. */
export function withoutRoom(actions: readonly Action[], unbrought: Unbrought): ReadonlySet<Path> {
  const arrived = new Set(actions.filter((action) => !isRemoval(action)).map(({ path }) => path))
  const standing = new Standing()
  for (const action of actions)
    if (isRemoval(action) && isHeldBack(action, unbrought, arrived)) standing.add(action)
  return new Set(actions.filter((action) => standing.isInTheWayOf(action)).map(({ path }) => path))
}

/** Of a removal, or of a transfer to a place that one was to clear. */
export function heldBackProblem(action: Action): Problem {
  return { path: action.path, code: isRemoval(action) ? 'kept-for-safety' : 'no-place-there' }
}

export function isRemoval({ kind }: Action): boolean {
  return kind === 'remove-local' || kind === 'remove-remote'
}
