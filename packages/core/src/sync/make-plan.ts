import { DEFAULT_MAX_DELETE, type GuardFacts, judgeGuards } from '../decide/guards.ts'
import type { Judged } from '../decide/evidence.ts'
import type { JoinCounts } from '../decide/join.ts'
import { isRemoval } from '../decide/held-back.ts'
import { moveQuestions, withMoves } from '../decide/moves.ts'
import { onlyNamed, type TakenPlace } from '../decide/named.ts'
import { movesWithBitOfWinner } from '../decide/override.ts'
import {
  separateFileFolderConflicts,
  withoutFilledFolders,
  withoutFilledMarks,
  withoutOccupied,
} from '../decide/places.ts'
import { withoutMovesIntoOwnRoom } from '../decide/plan.ts'
import type { Bound, Left } from '../decide/portions.ts'
import type { Path } from '../model/entry.ts'
import { isFolderKey, isWithin, leadsInto } from '../model/path.ts'
import type { Action, GuardName, Halt, MaxDelete, Plan } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import { withoutBelowFiles } from './below-files.ts'
import { Contents, gatherMoves } from './gather-moves.ts'
import { keepLastCopies, replacesCopies } from './last-copies.ts'
import { laterViews, type LeftTotals, look, type View } from './look.ts'
import { withoutFolded } from './names-here.ts'
import type { Outcome } from '../state/state.ts'
import type { PlanContext, PlanOptions } from './plan-context.ts'

/** About 3 KB each while they are carried out. Where there are more, both sides are read twice: so it should not be few either. */
const PORTION = 10_000

export interface Planned {
  readonly plan: Plan
  readonly unchanged: number
  /** What the guards ask besides the plan. */
  readonly facts: Pick<GuardFacts, 'changed' | 'same' | 'first' | 'anything'>
  /** Looked at closely, and found to be what they were; they may be recorded already. */
  readonly silent: number
  /** Additions that this plan does not hold. */
  readonly left?: Left & LeftTotals
  /** To be recorded before anything is done: rows that were left out and are not any more, or the reverse; last copies, of which nothing is agreed any more. */
  readonly marks: readonly Outcome[]
  /** Repositories within this one that were come by. */
  readonly nested: JoinCounts['nested']
  /** Named paths that neither a side nor the base holds anything of. */
  readonly nowhere: readonly Path[]
  /** By the rules that this look found. */
  readonly ignored: (path: Path) => boolean
  /** Something below that folder may not be left out. */
  readonly enters: (folder: Path) => boolean
}

/**
 * Scans, lists and reads the base side by side, compares, and returns what is to be done. No effects but what `onSilent` does. What is new beyond a
 * portion is left to `laterPlans`.
 */
export async function makePlan(context: PlanContext, options: PlanOptions): Promise<Planned> {
  const { within } = options
  const view = await lookOnce(context, options)
  const { counts, judged, left, rules } = view
  // Whether content is on its way out, or has only another name, cannot be told from a part of the tree.
  const needsWhole =
    within.length > 0 &&
    (view.actions.some(takesContent) || (await replacesCopies(context.state, view.actions, within)))
  const whole = needsWhole ? await look(context, options, []) : view
  const settled = await settleContent(context, options, whole, within)
  return {
    plan: {
      actions: settled.actions,
      conflicts: [...view.conflicts, ...settled.conflicts],
      problems: [...view.problems, ...settled.problems],
      unbrought: settled.unbrought,
      counts: {
        base: counts.base,
        local: counts.local,
        remote: counts.remote,
        unknown: counts.unknown,
      },
    },
    unchanged: counts.unchanged,
    silent: view.silent,
    ...(left === undefined ? {} : { left }),
    marks: [...counts.marks, ...settled.apart.map((path) => ({ path, entry: undefined }))],
    nested: counts.nested,
    nowhere: [...counts.nowhere],
    ignored: (path) => rules.ignores(path),
    enters: (folder) => rules.enters(folder),
    facts: {
      changed: {
        local: judged.filter((row) => isFile(row) && row.local === 'changed').length,
        remote: judged.filter((row) => isFile(row) && row.remote === 'changed').length,
      },
      same:
        counts.unchanged +
        view.silent +
        judged.filter((row) => isFile(row) && row.equal).length +
        (left?.alike ?? 0) * equalAmongAlike(judged),
      first: context.state.size === 0,
      anything: { local: counts.anythingLocal, remote: counts.anythingRemote },
    },
  }
}

/** Plans for the additions that the first one left, each to be carried out before the next is made: sides are read as far as it needs. */
export async function* laterPlans(
  context: PlanContext,
  options: PlanOptions,
  left: Left,
): AsyncGenerator<Omit<Plan, 'counts'>> {
  for await (const view of laterViews(context, options, left, options.portion ?? PORTION)) {
    const settled = await settleContent(context, options, view, options.within)
    yield {
      actions: settled.actions.filter(({ path }) => view.paths.has(path)),
      conflicts: [...view.conflicts, ...settled.conflicts],
      problems: [...view.problems, ...settled.problems],
      unbrought: settled.unbrought,
    }
  }
}

/** A look that holds no more than it should, and all that removed content may have become. */
async function lookOnce(context: PlanContext, options: PlanOptions): Promise<View> {
  const { within, override, settlements, portion = PORTION } = options
  // A mirror removes additions, too.
  if (override !== undefined || settlements !== undefined || portion === Infinity)
    return look(context, options, within)
  const first = await look(context, options, within, { most: portion, sizes: new Set() })
  const sizes = sizesLeaving(first)
  if (first.left === undefined || sizes.size === 0) return first
  // Of named paths only the whole tells where their content went.
  if (within.length > 0) return look(context, options, within)
  const second = await look(context, options, within, { most: portion, sizes })
  const more = [...sizesLeaving(second)].some((size) => !sizes.has(size))
  // It is being worked on: no third guess.
  return second.left !== undefined && more ? look(context, options, within) : second
}

function sizesLeaving({ actions }: View): Bound['sizes'] {
  return new Set(actions.filter(takesContent).map(({ base }) => base?.size ?? 0))
}

/** Of the files that are new on both sides and of one size there, how many are the same: what the others may be taken for. */
function equalAmongAlike(judged: readonly Judged[]): number {
  const alike = judged.filter(
    ({ joined: { path, base, local, remote } }) =>
      base === undefined &&
      !isFolderKey(path) &&
      local.state === 'present' &&
      remote.state === 'present' &&
      local.entry.stat.size === remote.entry.size,
  )
  return alike.length === 0 ? 1 : alike.filter(({ equal }) => equal).length / alike.length
}

/** What no single row shows: files and folders in each other's place, moves, and the last copy of a content. */
async function settleContent(
  context: PlanContext,
  options: PlanOptions,
  view: View,
  within: readonly Path[],
): Promise<Omit<Plan, 'counts'> & { readonly apart: readonly Path[] }> {
  // Nothing is removed outside the named paths, whatever is found there.
  const some = view.actions.filter(
    (action) => isWithin(action.path, within) || !takesContent(action),
  )
  const contents = new Contents(context)
  const safe = await keepLastCopies(
    { ...context, contents },
    options,
    view,
    some,
    (actions, waiting) => settlePlaces(contents, options, view, actions, waiting),
  )
  const ours = onlyNamed(safe.actions, within, view.actions.filter(isRemoval))
  const named = await withoutFolded(context, ours.actions)
  // Moves first: what is not sent after all is still awaited by the removal of where it was.
  const free = await withoutBelowFiles(context, withoutMovesIntoOwnRoom(named.actions), within)
  const taken = [...ours.taken, ...free.taken]
  const missing = (side: TakenPlace['side']): ReadonlySet<Path> =>
    new Set(taken.filter((place) => place.side === side).map(({ problem }) => problem.path))
  return {
    apart: safe.apart,
    actions: free.actions,
    unbrought: { up: missing('up'), down: missing('down') },
    conflicts: safe.conflicts.filter(
      // One above what is named keeps that back, too.
      ({ path }) => leadsInto(path, within),
    ),
    problems: [
      ...named.problems,
      ...taken.map(({ problem }) => problem),
      ...safe.occupied.map((path): Problem => ({ path, code: 'in-the-way' })),
      ...safe.kept
        .filter((path) => isWithin(path, within))
        .map((path): Problem => ({ path, code: 'kept-for-safety' })),
    ],
  }
}

/** Files and folders in each other's place, and moves. */
async function settlePlaces(
  contents: Contents,
  { override }: PlanOptions,
  { judged, unjudged, counts }: View,
  actions: readonly Action[],
  waiting: readonly Action[],
) {
  const onlyThere = judged.flatMap(({ joined: { path, local, remote } }) =>
    local.state === 'absent' && remote.state === 'present' ? [path] : [],
  )
  const empty = withoutFilledMarks(withoutFilledFolders(actions, onlyThere), waiting)
  const separated = separateFileFolderConflicts(empty, waiting)
  const possible = withoutOccupied(separated.actions, counts.occupied)
  const questions = moveQuestions(judged, possible.actions)
  const answers = await gatherMoves(contents, questions)
  const moved = withMoves(possible.actions, judged, { ...answers, unjudged })
  return {
    actions:
      override === undefined ? moved.actions : movesWithBitOfWinner(moved.actions, override.named),
    conflicts: separated.conflicts,
    occupied: possible.occupied,
    kept: moved.kept,
    staying: moved.staying,
  }
}

/** What of a plan looks like an accident. `within`: empty = the whole repository. */
export function guardsOf(
  { plan, facts }: Planned,
  within: readonly Path[],
  {
    maxDelete = DEFAULT_MAX_DELETE,
    allow = [],
  }: { readonly maxDelete?: MaxDelete | undefined; readonly allow?: readonly GuardName[] },
): readonly Halt[] {
  return judgeGuards({ plan, ...facts, whole: within.length === 0, maxDelete, allow })
}

function takesContent({ kind, base }: Action): boolean {
  return (
    (kind === 'remove-local' || kind === 'remove-remote') && base?.type === 'file' && base.size > 0
  )
}

function isFile({ joined }: Judged): boolean {
  return !isFolderKey(joined.path)
}
