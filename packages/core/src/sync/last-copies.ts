import type { Judged } from '../decide/evidence.ts'
import { ancestorsOf, lastCopies, type Removal } from '../decide/plan.ts'
import type { Path } from '../model/entry.ts'
import type { Action } from '../model/plan.ts'
import type { PlanContext, PlanOptions, View } from './make-plan.ts'

/** Applies the last-copy rule: the removals that would take the last copy become uploads that keep it, or are left undone. */
export async function keepLastCopies(
  { state, nestedAbove }: Pick<PlanContext, 'state' | 'nestedAbove'>,
  { mode }: Pick<PlanOptions, 'mode'>,
  { judged, problems, rules, counts: { unseen, unseenBelow } }: View,
  actions: readonly Action[],
): Promise<readonly Action[]> {
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
  const doubtful = new Set(removedHere.map(({ sha256 }) => sha256))
  if (!removedThere.some(({ sha256 }) => doubtful.has(sha256))) return actions
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
  const kept = lastCopies(removedThere, removedHere, survives)
  if (kept.size === 0) return actions
  const others = actions.filter(
    (action) => !(action.kind === 'remove-local' && kept.has(action.path)),
  )
  if (mode === 'pull') return others
  const revived = judged.flatMap(({ joined, sha256 }): Action[] =>
    kept.has(joined.path) && joined.local.state === 'present'
      ? [
          {
            kind: 'upload',
            path: joined.path,
            ...(joined.base === undefined ? {} : { base: joined.base }),
            reason: 'revived',
            from: joined.local.entry,
            ...(sha256 === undefined ? {} : { sha256 }),
            expect: { kind: 'absent' },
            executable: joined.local.entry.stat.executable,
            keepRemote: false,
          },
        ]
      : [],
  )
  return [...others, ...revived]
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
