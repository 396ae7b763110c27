import { compare, type Decision, NOTHING } from '../decide/compare.ts'
import type { GuardFacts } from '../decide/guards.ts'
import type { Judged } from '../decide/evidence.ts'
import { IgnoreRules, type IgnoreSettings } from '../decide/ignore.ts'
import { type BaseRow, join, type JoinCounts } from '../decide/join.ts'
import { moveQuestions, withMoves } from '../decide/moves.ts'
import { compareOverriding } from '../decide/override.ts'
import {
  separateFileFolderConflicts,
  withoutFilledFolders,
  withoutOccupied,
} from '../decide/plan.ts'
import type { World } from '../disk/clock.ts'
import type { Path, RemoteEntry, SymlinkPolicy } from '../model/entry.ts'
import type { Folding } from '../model/folding.ts'
import { isFolderKey, isWithin } from '../model/path.ts'
import type {
  Action,
  Conflict,
  ConflictPolicy,
  Override,
  Plan,
  Settlement,
  SyncMode,
} from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import { listRemote } from '../remote/listing.ts'
import { FAR, FEWEST_PAGES, MOST_RANGES } from '../remote/ranges.ts'
import { scan } from '../scan/scan.ts'
import type { State } from '../state/state.ts'
import { gather, type GatherContext } from './gather.ts'
import { gatherMoves } from './gather-moves.ts'
import { keepLastCopies } from './last-copies.ts'
import { withoutFolded } from './names-here.ts'

export interface PlanContext extends GatherContext {
  readonly world: World
  readonly state: State
  readonly ignore: IgnoreSettings
  /** The path at or above this one where others have a repository of its own, if there is one. */
  readonly nestedAbove: (path: Path) => Path | undefined
  readonly symlinks: SymlinkPolicy
  readonly folding: Folding
  /** Stands in for the remote's listing, where the remote is not asked. */
  readonly remoteStream?: (within: readonly Path[]) => SortedStream<Seen<RemoteEntry>>
}

export interface PlanOptions {
  readonly mode: SyncMode
  readonly policy: ConflictPolicy
  readonly within: readonly Path[]
  /** For a push or a pull; it holds for what was named, also where a round looks at other paths. */
  readonly override?: { readonly as: Override; readonly named: readonly Path[] }
  /** By path. With them, nothing else is decided. */
  readonly settlements?: ReadonlyMap<Path, Settlement>
}

export interface Planned {
  readonly plan: Plan
  readonly unchanged: number
  /** What the guards ask besides the plan. */
  readonly facts: Pick<GuardFacts, 'changed' | 'same' | 'first' | 'anything'>
  /** Rows that wait for the other direction. */
  readonly pending: number
  /** Rows that were left out and are not any more, or the reverse: to be recorded as they stand here. */
  readonly marks: readonly BaseRow[]
  /** Repositories within this one that were come by. */
  readonly nested: JoinCounts['nested']
  /** Named paths that neither a side nor the base holds anything of. */
  readonly nowhere: readonly Path[]
  /** By the rules that this look found. */
  readonly ignored: (path: Path) => boolean
}

/** Scans, lists and reads the base side by side, compares, and returns what is to be done. No effects. */
export async function makePlan(context: PlanContext, options: PlanOptions): Promise<Planned> {
  const { within } = options
  const view = await look(context, options, within)
  const { counts, judged } = view
  // Whether content is on its way out, or has only another name, cannot be told from a part of the tree.
  const whole =
    within.length > 0 && view.actions.some(takesContent) ? await look(context, options, []) : view
  const settled = await settleContent(context, options, whole, within)
  return {
    plan: {
      actions: settled.actions,
      conflicts: [...view.conflicts, ...settled.conflicts],
      problems: [...view.problems, ...settled.problems],
      counts: {
        base: counts.base,
        local: counts.local,
        remote: counts.remote,
        unknown: counts.unknown,
      },
    },
    unchanged: counts.unchanged,
    pending: view.pending,
    marks: counts.marks,
    nested: counts.nested,
    nowhere: [...counts.nowhere],
    ignored: (path) => view.rules.ignores(path),
    facts: {
      changed: {
        local: judged.filter((row) => isFile(row) && row.local === 'changed').length,
        remote: judged.filter((row) => isFile(row) && row.remote === 'changed').length,
      },
      same: counts.unchanged + judged.filter((row) => isFile(row) && row.equal).length,
      first: context.state.size === 0,
      anything: { local: counts.anythingLocal, remote: counts.anythingRemote },
    },
  }
}

/** What the streams show, and what the table says of each row by itself. */
export interface View {
  readonly judged: readonly Judged[]
  readonly actions: readonly Action[]
  readonly conflicts: readonly Conflict[]
  readonly problems: readonly Problem[]
  readonly counts: JoinCounts
  readonly pending: number
  /** What those that wait for the other direction would come to: a file must not go where a folder is about to come, whenever that is. */
  readonly waiting: readonly Action[]
  readonly rules: IgnoreRules
}

async function look(
  context: PlanContext,
  options: PlanOptions,
  within: readonly Path[],
): Promise<View> {
  const { disk, provider, state, world, signal, onEvent, symlinks, folding } = context
  const rules = new IgnoreRules(context.ignore)
  const problems: Problem[] = []
  const counts: JoinCounts = {
    base: 0,
    local: 0,
    remote: 0,
    unknown: 0,
    unchanged: 0,
    anythingLocal: false,
    anythingRemote: false,
    unseen: new Set(),
    unseenBelow: new Set(),
    occupied: new Set(),
    nowhere: new Set(within),
    marks: [],
    nested: new Map(),
  }
  const seen = { local: 0, remote: 0 }
  const report = (side: 'local' | 'remote') => (entries: number) => {
    seen[side] = entries
    onEvent({ type: 'seen', ...seen })
  }
  onEvent({ type: 'phase', phase: 'comparing' })
  const rows = join(
    state.rows(within.length === 0 ? undefined : within),
    scan(disk, { within, rules, symlinks, folding, world, signal, onProgress: report('local') }),
    context.remoteStream?.(within) ??
      listRemote(provider, within, signal, report('remote'), await cutsFor(context, within)),
    {
      ignored: (path) => rules.ignores(path),
      nestedAbove: context.nestedAbove,
      symlinks,
      folding,
      foldersUnknown: !provider.listsFolders,
      counts,
      onProblem: (problem) => problems.push(problem),
    },
  )
  const judged = await gather(context, rows, (problem) => problems.push(problem))
  const actions: Action[] = []
  const conflicts: Conflict[] = []
  const waiting: Action[] = []
  let pending = 0
  for (const row of judged) {
    const decision = decide(row, options)
    if (decision.kind === 'action') actions.push(decision.action)
    else if (decision.kind === 'conflict') conflicts.push(decision.conflict)
    else if (decision.kind === 'pending') {
      pending++
      const both = compare(row, { mode: 'sync', policy: 'manual' })
      if (both.kind === 'action') waiting.push(both.action)
    }
  }
  return { judged, actions, conflicts, problems, counts, pending, waiting, rules }
}

/** What the table says of one row. */
function decide(row: Judged, { mode, policy, override, settlements }: PlanOptions): Decision {
  const { path } = row.joined
  if (override !== undefined && mode !== 'sync' && isWithin(path, override.named))
    return compareOverriding(row, mode, override.as)
  const settlement = settlements?.get(path)
  if (settlements !== undefined && settlement === undefined) return NOTHING
  return compare(row, { mode, policy, ...(settlement === undefined ? {} : { settlement }) })
}

/** The database knows where the keys of a whole listing can be parted. */
async function cutsFor(
  { provider, state }: PlanContext,
  within: readonly Path[],
): Promise<readonly Path[]> {
  const { listPage, quickest = FAR } = provider
  return listPage === undefined || within.length > 0 || quickest < FAR
    ? []
    : state.cuts(MOST_RANGES, FEWEST_PAGES * listPage)
}

/** What no single row shows: files and folders in each other's place, moves, and the last copy of a content. */
async function settleContent(
  context: PlanContext,
  options: PlanOptions,
  view: View,
  within: readonly Path[],
): Promise<Pick<Plan, 'actions' | 'conflicts' | 'problems'>> {
  const { judged, actions, counts, waiting } = view
  const onlyThere = judged.flatMap(({ joined: { path, local, remote } }) =>
    local.state === 'absent' && remote.state === 'present' ? [path] : [],
  )
  // Nothing is removed outside the named paths, whatever is found there.
  const ours = actions.filter((action) => isWithin(action.path, within) || !takesContent(action))
  const separated = separateFileFolderConflicts(withoutFilledFolders(ours, onlyThere), waiting)
  const possible = withoutOccupied(separated.actions, counts.occupied)
  const questions = moveQuestions(judged, possible.actions)
  const answers = await gatherMoves(context, questions)
  const moved = withMoves(possible.actions, judged, answers)
  const places = separated.conflicts.map(({ path }) => path)
  const safe = await keepLastCopies(context, options, view, moved, places)
  const named = await withoutFolded(context, restrict(safe, within))
  return {
    actions: named.actions,
    conflicts: separated.conflicts.filter(({ path }) => isWithin(path, within)),
    problems: [
      ...named.problems,
      ...possible.occupied.map((path): Problem => ({ path, code: 'in-the-way' })),
    ],
  }
}

function takesContent({ kind, base }: Action): boolean {
  return (
    (kind === 'remove-local' || kind === 'remove-remote') && base?.type === 'file' && base.size > 0
  )
}

/** The named paths, and the places elsewhere that content of theirs has moved to. */
function restrict(actions: readonly Action[], within: readonly Path[]): readonly Action[] {
  if (within.length === 0) return actions
  const awaited = new Set(
    actions.flatMap((action) =>
      action.kind === 'remove-remote' && action.after !== undefined ? [action.after] : [],
    ),
  )
  return actions.filter(
    (action) =>
      isWithin(action.path, within) ||
      awaited.has(action.path) ||
      (action.kind === 'move-local' && isWithin(action.source, within)),
  )
}

function isFile({ joined }: Judged): boolean {
  return !isFolderKey(joined.path)
}
