import { executableHere } from '../decide/executable-bit.ts'
import type { Judged } from '../decide/evidence.ts'
import { lastCopies, type Removal } from '../decide/plan.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, isWithin } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import type { View } from './look.ts'
import type { PlanContext, PlanOptions } from './plan-context.ts'

/**
 * Applies the last-copy rule: the removals that would take the last copy become uploads that keep it, or downloads that bring it back, or are left
 * undone. Content leaves a side also where something else takes its place.
 * @param places of conflicts between a file and a folder: nothing at or below them is touched
 */
export async function keepLastCopies(
  { state, nestedAbove }: Pick<PlanContext, 'state' | 'nestedAbove'>,
  { mode, settlements }: Pick<PlanOptions, 'mode' | 'settlements'>,
  { judged, problems, rules, counts: { unseen, unseenBelow } }: View,
  actions: readonly Action[],
  places: readonly Path[],
): Promise<readonly Action[]> {
  // Then nothing leaves but what a person decided on.
  if (settlements !== undefined) return actions
  const removedThere = removals(
    judged,
    (row) => row.local === 'unchanged' && row.remote === 'removed',
  )
  // What is removed here and comes back in this run is not on its way out.
  const returning = new Set(
    actions.flatMap((action) => (action.kind === 'download' ? [action.path] : [])),
  )
  const removedHere = removals(
    judged,
    ({ local, remote, joined }) =>
      local === 'removed' && remote === 'unchanged' && !returning.has(joined.path),
  )
  const replacedThere = removals(
    judged,
    (row) => row.local === 'unchanged' && row.remote === 'changed',
  )
  const replacedHere = removals(
    judged,
    ({ local, remote, joined }) =>
      local === 'changed' && remote === 'unchanged' && !returning.has(joined.path),
  )
  const leavingHere = [...removedHere, ...replacedHere]
  const doubtful = inBoth([...removedThere, ...replacedThere], leavingHere)
  if (doubtful.size === 0) return actions
  const touched = new Set([
    ...judged.map(({ joined }) => joined.path),
    ...problems.map(({ path }) => path),
    ...unseen,
  ])
  const isUnchanged = (path: Path): boolean =>
    !touched.has(path) &&
    !rules.ignores(path) &&
    nestedAbove(path) === undefined &&
    !ancestorsOf(path).some((folder) => unseenBelow.has(`${folder}/`))
  // What this run brings somewhere survives there, or the removals do not happen.
  const survives = new Set(
    actions.flatMap((action) =>
      (action.kind === 'upload' || action.kind === 'adopt' || action.kind === 'move-local') &&
      action.sha256 !== undefined
        ? [action.sha256]
        : [],
    ),
  )
  for await (const page of state.rows())
    for (const { path, entry } of page)
      if (doubtful.has(entry.sha256) && isUnchanged(path)) survives.add(entry.sha256)
  const kept = lastCopies(removedThere, leavingHere, survives)
  for (const { path, sha256 } of removedThere) if (kept.has(path)) survives.add(sha256)
  const returned = lastCopies(removedHere, replacedThere, survives)
  if (kept.size === 0 && returned.size === 0) return actions
  const others = actions.filter(
    ({ kind, path }) =>
      !(kind === 'remove-local' && kept.has(path)) &&
      !(kind === 'remove-remote' && returned.has(path)),
  )
  const revived = judged.flatMap(({ joined, sha256 }): Action[] => {
    const { path, local, remote, base } = joined
    const at = { path, ...(base === undefined ? {} : { base }) }
    if (places.some((place) => isWithin(path, [place]))) return []
    if (kept.has(path) && local.state === 'present' && mode !== 'pull')
      return [
        {
          kind: 'upload',
          ...at,
          reason: 'revived',
          from: local.entry,
          ...(sha256 === undefined ? {} : { sha256 }),
          expect: { kind: 'absent' },
          executable: executableHere(local.entry, base),
          keepRemote: false,
        },
      ]
    if (returned.has(path) && remote.state === 'present' && mode !== 'push')
      return [{ kind: 'download', ...at, reason: 'revived', from: 'absent', remote: remote.entry }]
    return []
  })
  return [...others, ...revived]
}

function inBoth(some: readonly Removal[], others: readonly Removal[]): ReadonlySet<string> {
  const contents = new Set(some.map(({ sha256 }) => sha256))
  return new Set(others.flatMap(({ sha256 }) => (contents.has(sha256) ? [sha256] : [])))
}

/** Content on its way out; empty files are nobody's copy. */
function removals(judged: readonly Judged[], leaves: (row: Judged) => boolean): readonly Removal[] {
  return judged.flatMap((row) => {
    const { base, path } = row.joined
    return base !== undefined && base.type === 'file' && base.size > 0 && leaves(row)
      ? [{ path, sha256: base.sha256 }]
      : []
  })
}
