import { executableHere } from '../decide/executable-bit.ts'
import type { Change, Judged } from '../decide/evidence.ts'
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
  context: Pick<PlanContext, 'state' | 'nestedAbove'>,
  { mode, settlements }: Pick<PlanOptions, 'mode' | 'settlements'>,
  view: View,
  actions: readonly Action[],
  places: readonly Path[],
): Promise<readonly Action[]> {
  // Then nothing leaves but what a person decided on.
  if (settlements !== undefined) return actions
  const { removedHere, removedThere, replacedHere, replacedThere } = leaving(view.judged, actions)
  const leavingHere = [...removedHere, ...replacedHere]
  const doubtful = inBoth([...removedThere, ...replacedThere], leavingHere)
  if (doubtful.size === 0) return actions
  const survives = new Set([
    ...brought(actions),
    ...(await unchangedAmong(doubtful, view, context)),
  ])
  const kept = lastCopies(removedThere, leavingHere, survives)
  for (const { path, sha256 } of removedThere) if (kept.has(path)) survives.add(sha256)
  const returned = lastCopies(removedHere, replacedThere, survives)
  if (kept.size === 0 && returned.size === 0) return actions
  const others = actions.filter(
    ({ kind, path }) =>
      !(kind === 'remove-local' && kept.has(path)) &&
      !(kind === 'remove-remote' && returned.has(path)),
  )
  const revived = view.judged.flatMap((row): Action[] => {
    const { path } = row.joined
    if (places.some((place) => isWithin(path, [place]))) return []
    if (kept.has(path) && mode !== 'pull') return uploadAgain(row)
    if (returned.has(path) && mode !== 'push') return downloadAgain(row)
    return []
  })
  return [...others, ...revived]
}

/** What is on its way out on each side. */
function leaving(judged: readonly Judged[], actions: readonly Action[]) {
  // What is removed here and comes back in this run is not on its way out.
  const returning = new Set(
    actions.flatMap((action) => (action.kind === 'download' ? [action.path] : [])),
  )
  const hereBy = (change: Change) =>
    removals(
      judged,
      ({ local, remote, joined }) =>
        local === change && remote === 'unchanged' && !returning.has(joined.path),
    )
  const thereBy = (change: Change) =>
    removals(judged, ({ local, remote }) => local === 'unchanged' && remote === change)
  return {
    removedHere: hereBy('removed'),
    removedThere: thereBy('removed'),
    replacedHere: hereBy('changed'),
    replacedThere: thereBy('changed'),
  }
}

/** What this run brings somewhere survives there, or the removals do not happen. */
function brought(actions: readonly Action[]): readonly string[] {
  return actions.flatMap((action) =>
    (action.kind === 'upload' || action.kind === 'adopt' || action.kind === 'move-local') &&
    action.sha256 !== undefined
      ? [action.sha256]
      : [],
  )
}

/** Those of the contents that a file holds which nothing touches, on both sides. */
async function unchangedAmong(
  contents: ReadonlySet<string>,
  { judged, problems, rules, counts: { unseen, unseenBelow } }: View,
  { state, nestedAbove }: Pick<PlanContext, 'state' | 'nestedAbove'>,
): Promise<ReadonlySet<string>> {
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
  const unchanged = new Set<string>()
  for await (const page of state.rows())
    for (const { path, entry } of page)
      if (contents.has(entry.sha256) && isUnchanged(path)) unchanged.add(entry.sha256)
  return unchanged
}

function uploadAgain({ joined: { path, base, local }, sha256 }: Judged): Action[] {
  if (local.state !== 'present') return []
  return [
    {
      kind: 'upload',
      path,
      ...(base === undefined ? {} : { base }),
      reason: 'revived',
      from: local.entry,
      ...(sha256 === undefined ? {} : { sha256 }),
      expect: { kind: 'absent' },
      executable: executableHere(local.entry, base),
      keepRemote: false,
    },
  ]
}

function downloadAgain({ joined: { path, base, remote } }: Judged): Action[] {
  if (remote.state !== 'present') return []
  return [
    {
      kind: 'download',
      path,
      ...(base === undefined ? {} : { base }),
      reason: 'revived',
      from: 'absent',
      remote: remote.entry,
    },
  ]
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
