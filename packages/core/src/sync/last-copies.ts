import { executableHere } from '../decide/executable-bit.ts'
import type { Change, Judged } from '../decide/evidence.ts'
import type { Candidate } from '../decide/moves.ts'
import { inTheWay } from '../decide/places.ts'
import { lastCopies, type Removal } from '../decide/plan.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, isFolderKey, isWithin } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import { type Contents, gatherMoves } from './gather-moves.ts'
import type { View } from './look.ts'
import type { PlanContext, PlanOptions } from './plan-context.ts'

/** What no single row shows, decided: what may be done, and what stays on the remote until something else is settled. */
interface Settled {
  readonly actions: readonly Action[]
  readonly staying: readonly Path[]
}

interface KeepContext extends Pick<PlanContext, 'state' | 'nestedAbove'> {
  readonly contents: Contents
}

/** @param waiting what is left to a run in the other direction, or stays where it is: nothing may come into its place */
type Settle<Result> = (actions: readonly Action[], waiting: readonly Action[]) => Promise<Result>

/**
 * Applies the last-copy rule: the removals that would take the last copy become uploads that keep it, or downloads that bring it back, or are left
 * undone. Content leaves a side also where something else takes its place.
 *
 * What is kept may be in the way of what comes, as a file is where a folder comes: so all is settled anew with it, until nothing more is to be kept.
 * @param ours what the rows come to by themselves
 * @returns also the copies that were decided on (`apart`): what was agreed of them must be forgotten before anything is done. Where such a copy does not get
 * to the other side in this run, the other copies may be gone by the next one, which would take this one for removed by others.
 */
export async function keepLastCopies<Result extends Settled>(
  context: KeepContext,
  { mode, settlements }: Pick<PlanOptions, 'mode' | 'settlements'>,
  view: View,
  ours: readonly Action[],
  settle: Settle<Result>,
): Promise<Result & { readonly apart: readonly Path[] }> {
  const copies: Copies = { kept: new Set(), back: new Set() }
  /** Nothing is done at these. */
  const held = new Set<Path>()
  const isOurs = ({ kind }: Action): boolean =>
    mode === 'sync' || (kind === 'upload') === (mode === 'push')
  for (;;) {
    const revived = view.judged.flatMap((row): readonly Action[] => {
      const { path } = row.joined
      if (held.has(path)) return []
      return copies.kept.has(path)
        ? uploadAgain(row)
        : copies.back.has(path)
          ? downloadAgain(row)
          : []
    })
    const standing = view.judged.flatMap((row): readonly Action[] =>
      held.has(row.joined.path) ? [...uploadAgain(row), ...downloadAgain(row)] : [],
    )
    const others = ours.filter(
      ({ kind, path }) =>
        !held.has(path) &&
        !(kind === 'remove-local' && copies.kept.has(path)) &&
        !(kind === 'remove-remote' && copies.back.has(path)),
    )
    const settled = await settle(
      [...others, ...revived.filter(isOurs)],
      [...view.waiting, ...revived.filter((action) => !isOurs(action)), ...standing],
    )
    const before = sizeOf(copies) + held.size
    for (const path of inTheWay(settled.staying, settled.actions)) held.add(path)
    // With decisions of a person, nothing leaves but what she decided on.
    if (settlements === undefined) {
      const untouched = new Set([...settled.staying, ...held])
      const last = await lastCopiesAmong(context, view, settled.actions, untouched)
      for (const path of last.kept) copies.kept.add(path)
      for (const path of last.back) copies.back.add(path)
    }
    if (sizeOf(copies) + held.size === before)
      return { ...settled, apart: [...copies.kept, ...copies.back] }
  }
}

/**
 * Whether content that is replaced at the named paths was agreed on elsewhere, too: that copy may be on its way out. Only the base is asked: what it does
 * not know cannot be on its way out, and most edits have no such copy.
 */
export async function replacesCopies(
  state: PlanContext['state'],
  actions: readonly Action[],
  within: readonly Path[],
): Promise<boolean> {
  const replaced = new Set(
    actions.flatMap((action) =>
      (action.kind === 'upload' || action.kind === 'download') &&
      action.reason === 'changed' &&
      action.base?.type === 'file' &&
      action.base.size > 0
        ? [action.base.sha256]
        : [],
    ),
  )
  if (replaced.size === 0) return false
  for await (const page of state.rows())
    if (page.some(({ path, entry }) => replaced.has(entry.sha256) && !isWithin(path, within)))
      return true
  return false
}

/** Paths that hold a last copy here (`kept`), or there (`back`), and would lose it. */
interface Copies {
  readonly kept: Set<Path>
  readonly back: Set<Path>
}

function sizeOf({ kept, back }: Copies): number {
  return kept.size + back.size
}

async function lastCopiesAmong(
  context: KeepContext,
  view: View,
  actions: readonly Action[],
  untouched: ReadonlySet<Path>,
): Promise<{ readonly kept: ReadonlySet<Path>; readonly back: ReadonlySet<Path> }> {
  const { removedHere, removedThere, replacedHere, replacedThere } = leaving(view.judged, actions)
  const leavingHere = [...removedHere, ...replacedHere]
  const doubtful = inBoth([...removedThere, ...replacedThere], leavingHere)
  const among = (survives: Set<string>) => {
    const kept = lastCopies(removedThere, leavingHere, survives)
    for (const { path, sha256 } of removedThere) if (kept.has(path)) survives.add(sha256)
    return { kept, back: lastCopies(removedHere, replacedThere, survives) }
  }
  if (doubtful.size === 0) return among(new Set())
  const survives = [
    ...brought(actions),
    ...view.judged.flatMap(({ joined: { path, base } }) =>
      base !== undefined && untouched.has(path) ? [base.sha256] : [],
    ),
    ...(await unchangedAmong(doubtful, view, context)),
  ]
  const last = among(new Set(survives))
  if (last.kept.size === 0 && last.back.size === 0) return last
  return among(new Set([...survives, ...(await found(context, view, actions, doubtful))]))
}

/** Those of the contents that are new somewhere, which nobody had to know until now. */
async function found(
  { contents: read }: KeepContext,
  { judged }: View,
  actions: readonly Action[],
  contents: ReadonlySet<string>,
): Promise<readonly string[]> {
  const candidates = new Map<string, Candidate>()
  const sizes = new Set<number>()
  for (const { joined, local } of judged) {
    const { path, base } = joined
    if (base === undefined || !contents.has(base.sha256)) continue
    sizes.add(base.size)
    if (local === 'unchanged' && joined.local.state === 'present')
      candidates.set(base.sha256, { path, from: joined.local.entry, sha256: base.sha256 })
  }
  const { hashes, proved } = await gatherMoves(read, {
    hash: actions.flatMap((action) =>
      action.kind === 'upload' &&
      action.sha256 === undefined &&
      action.from.type === 'file' &&
      sizes.has(action.from.stat.size)
        ? [{ path: action.path, from: action.from }]
        : [],
    ),
    compare: actions.flatMap((action) =>
      action.kind === 'download' &&
      action.here === undefined &&
      !isFolderKey(action.path) &&
      sizes.has(action.remote.size)
        ? [{ remote: action.remote, candidates }]
        : [],
    ),
  })
  return [...hashes.values(), ...[...proved.values()].map(({ sha256 }) => sha256)]
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
  return actions.flatMap((action) => {
    // Of some downloads it is proved that they bring what is here already.
    const sha256 =
      action.kind === 'download'
        ? action.here?.[0]?.sha256
        : action.kind === 'upload' || action.kind === 'adopt' || action.kind === 'move-local'
          ? action.sha256
          : undefined
    return sha256 === undefined ? [] : [sha256]
  })
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
