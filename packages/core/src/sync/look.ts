import { compare, type Decision, NOTHING } from '../decide/compare.ts'
import { judge, type Judged, needsOf } from '../decide/evidence.ts'
import { IgnoreRules } from '../decide/ignore.ts'
import { join, type Joined, type JoinCounts } from '../decide/join.ts'
import { compareOverriding } from '../decide/override.ts'
import { type Bound, firstPortion, laterPortions, type Left } from '../decide/portions.ts'
import { isSilent, transferOf } from '../execute/tally.ts'
import type { Path } from '../model/entry.ts'
import { isFolderKey, isWithin } from '../model/path.ts'
import type { Action, Conflict } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import { pageOf, type SortedStream } from '../model/side.ts'
import { compareKeys } from '../provider/index.ts'
import { listRemote } from '../remote/listing.ts'
import { FEWEST_PAGES, mostRangesFor } from '../remote/ranges.ts'
import { scan } from '../scan/scan.ts'
import { gather } from './gather.ts'
import type { PlanContext, PlanOptions } from './plan-context.ts'

/** What the streams show, and what the table says of each row by itself. */
export interface View {
  readonly judged: readonly Judged[]
  /** Nothing can be said of these in this run. */
  readonly unjudged: readonly Joined[]
  readonly actions: readonly Action[]
  readonly conflicts: readonly Conflict[]
  readonly problems: readonly Problem[]
  readonly counts: JoinCounts
  /** What those that wait for the other direction would come to: a file must not go where a folder is about to come, whenever that is. */
  readonly waiting: readonly Action[]
  readonly rules: IgnoreRules
  /** Rows that are what they were, and are not held. */
  readonly silent: number
  readonly left?: Left & LeftTotals
}

/** What the additions that are left will come to, as far as it is known. */
export interface LeftTotals {
  readonly actions: number
  readonly transfers: number
  readonly bytes: number
  /** Files of the same size on both sides: nothing else is known of them yet. */
  readonly alike: number
}

export async function look(
  context: PlanContext,
  options: PlanOptions,
  within: readonly Path[],
  bound?: Bound,
): Promise<View> {
  const streams = await openStreams(context, within)
  if (bound === undefined) return judgeRows(context, options, streams, streams.rows)
  const held = new Set<Path>()
  const totals = { actions: 0, transfers: 0, bytes: 0, alike: 0 }
  let isWhole = true
  const rows = firstPortion(streams.rows, bound, held, (row) => {
    isWhole = false
    count(row, options, totals)
  })
  const view = await judgeRows(context, options, streams, rows)
  return isWhole ? view : { ...view, left: { held, ...totals } }
}

/** A look at some of what the first one left. */
export interface LaterView extends View {
  /** Only on these something may be done. */
  readonly paths: ReadonlySet<Path>
}

/** What the first look left, portion by portion; each is read when the one before was dealt with. */
export async function* laterViews(
  context: PlanContext,
  options: PlanOptions,
  left: Left,
  most: number,
): AsyncGenerator<LaterView> {
  const streams = await openStreams(context, options.within)
  for await (const portion of laterPortions(streams.rows, left, most)) {
    const view = await judgeRows(context, options, streams, pageOf(portion.rows))
    streams.problems.length = 0
    yield { ...view, paths: portion.left }
    context.onEvent({ type: 'phase', phase: 'comparing' })
  }
  // What could not be seen behind the last of them.
  yield { ...(await judgeRows(context, options, streams, pageOf([]))), paths: new Set() }
}

interface Streams {
  readonly rows: SortedStream<Joined>
  readonly rules: IgnoreRules
  readonly counts: JoinCounts
  /** Grows while the rows are read. */
  readonly problems: Problem[]
}

/** Both sides and the base, joined. */
async function openStreams(context: PlanContext, within: readonly Path[]): Promise<Streams> {
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
      listRemote(provider, {
        within,
        cuts: await cutsFor(context, within),
        signal,
        onProgress: report('remote'),
      }),
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
  const isAsked = context.remoteStream === undefined
  return { rows: isAsked ? rows : tellable(rows, problems), rules, counts, problems }
}

/** The rows that can be told without asking the remote. The others were left out for a while: what the base says of the remote is of before that. */
async function* tellable(rows: SortedStream<Joined>, problems: Problem[]): SortedStream<Joined> {
  for await (const page of rows) {
    yield page.filter((row) => !needsOf(row).head)
    for (const row of page)
      if (needsOf(row).head) problems.push({ path: row.path, code: 'not-asked' })
  }
}

/** Finds out what the rows need, and asks the table. */
async function judgeRows(
  context: PlanContext,
  options: PlanOptions,
  { rules, counts, problems }: Streams,
  rows: SortedStream<Joined>,
): Promise<View> {
  let silent = 0
  const isSettled = (row: Judged): boolean => {
    if (!row.equal || row.local !== 'unchanged' || row.remote !== 'unchanged') return false
    const decision = decide(row, options)
    if (decision.kind !== 'action' || !isSilent(decision.action)) return false
    context.onSilent?.(decision.action)
    silent++
    return true
  }
  const gathered = await gather(context, rows, (problem) => problems.push(problem), isSettled)
  const judged = gathered.judged.toSorted((a, b) => compareKeys(a.joined.path, b.joined.path))
  const actions: Action[] = []
  const conflicts: Conflict[] = []
  const waiting: Action[] = []
  for (const row of judged) {
    const decision = decide(row, options)
    if (decision.kind === 'action') actions.push(decision.action)
    else if (decision.kind === 'conflict') conflicts.push(decision.conflict)
    else if (decision.kind === 'pending') {
      const both = compare(row, { mode: 'sync', policy: 'manual' })
      if (both.kind === 'action') waiting.push(both.action)
    }
  }
  const { unjudged } = gathered
  return {
    judged,
    unjudged,
    actions,
    conflicts,
    problems: [...problems],
    counts,
    waiting,
    rules,
    silent,
  }
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

/** What an addition will come to, as far as that can be told without a look at contents. */
function count(
  row: Joined,
  options: PlanOptions,
  totals: { -readonly [Key in keyof LeftTotals]: number },
): void {
  const { path, local, remote } = row
  if (local.state === 'present' && remote.state === 'present') {
    totals.actions++
    if (!isFolderKey(path) && local.entry.stat.size === remote.entry.size) totals.alike++
    return
  }
  const decision = decide(judge(row, {}), options)
  if (decision.kind !== 'action') return
  totals.actions++
  const bytes = transferOf(decision.action)
  if (bytes === undefined) return
  totals.transfers++
  totals.bytes += bytes
}

/** The database knows where the keys of a whole listing can be parted. */
async function cutsFor(
  { provider, state }: PlanContext,
  within: readonly Path[],
): Promise<readonly Path[]> {
  const { listPage, quickest } = provider
  const most = mostRangesFor(quickest)
  return listPage === undefined || within.length > 0 || most === 1
    ? []
    : state.cuts(most, FEWEST_PAGES * listPage)
}
