import { compare, type CompareOptions } from '../decide/compare.ts'
import type { GuardFacts } from '../decide/guards.ts'
import type { Judged } from '../decide/evidence.ts'
import { join, type JoinCounts } from '../decide/join.ts'
import {
  lastCopies,
  type Removal,
  separateFileFolderConflicts,
  withoutFilledFolders,
} from '../decide/plan.ts'
import type { World } from '../disk/clock.ts'
import type { Path, RemoteEntry } from '../model/entry.ts'
import { isFolderKey } from '../model/path.ts'
import type { Action, Conflict, Plan } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import { listRemote } from '../remote/listing.ts'
import { scan } from '../scan/scan.ts'
import type { State } from '../state/state.ts'
import { gather, type GatherContext } from './gather.ts'

export interface PlanContext extends GatherContext {
  readonly world: World
  readonly state: State
  readonly ignored: (path: Path) => boolean
  /** Stands in for the remote's listing, where the remote is not asked. */
  readonly remoteStream?: SortedStream<Seen<RemoteEntry>>
}

export interface PlanOptions extends CompareOptions {
  readonly within: readonly Path[]
}

export interface Planned {
  readonly plan: Plan
  readonly unchanged: number
  /** What the guards ask besides the plan. */
  readonly facts: Pick<GuardFacts, 'changed' | 'same' | 'first' | 'anything'>
  /** Rows that wait for the other direction. */
  readonly pending: number
}

/** Scans, lists and reads the base side by side, compares, and returns what is to be done. No effects. */
export async function makePlan(context: PlanContext, options: PlanOptions): Promise<Planned> {
  const { disk, provider, state, world, signal, onEvent, ignored } = context
  const { within } = options
  const problems: Problem[] = []
  const counts: JoinCounts = {
    base: 0,
    local: 0,
    remote: 0,
    unknown: 0,
    unchanged: 0,
    anythingLocal: false,
    anythingRemote: false,
  }
  const seen = { local: 0, remote: 0 }
  const report = (side: 'local' | 'remote') => (entries: number) => {
    seen[side] = entries
    onEvent({ type: 'seen', ...seen })
  }
  onEvent({ type: 'phase', phase: 'comparing' })
  const rows = join(
    state.rows(within.length === 0 ? undefined : within),
    scan(disk, { within, ignored, world, signal, onProgress: report('local') }),
    context.remoteStream ?? listRemote(provider, within, signal, report('remote')),
    {
      ignored,
      foldersUnknown: !provider.listsFolders,
      counts,
      onProblem: (problem) => problems.push(problem),
    },
  )
  const judged = await gather(context, rows, (problem) => problems.push(problem))

  const actions: Action[] = []
  const conflicts: Conflict[] = []
  let pending = 0
  for (const row of judged) {
    const decision = compare(row, options)
    if (decision.kind === 'action') actions.push(decision.action)
    else if (decision.kind === 'conflict') conflicts.push(decision.conflict)
    else if (decision.kind === 'pending') pending++
  }
  const onlyThere = judged.flatMap(({ joined: { path, local, remote } }) =>
    local.state === 'absent' && remote.state === 'present' ? [path] : [],
  )
  const separated = separateFileFolderConflicts(withoutFilledFolders(actions, onlyThere))
  const safe = await keepLastCopies(context, options, judged, separated.actions)
  return {
    plan: {
      actions: safe,
      conflicts: [...conflicts, ...separated.conflicts],
      problems,
      counts: {
        base: counts.base,
        local: counts.local,
        remote: counts.remote,
        unknown: counts.unknown,
      },
    },
    unchanged: counts.unchanged,
    pending,
    facts: {
      changed: {
        local: judged.filter((row) => isFile(row) && row.local === 'changed').length,
        remote: judged.filter((row) => isFile(row) && row.remote === 'changed').length,
      },
      same: counts.unchanged + judged.filter((row) => isFile(row) && row.equal).length,
      first: state.size === 0,
      anything: { local: counts.anythingLocal, remote: counts.anythingRemote },
    },
  }
}

function isFile({ joined }: Judged): boolean {
  return !isFolderKey(joined.path)
}

/** Applies the last-copy rule: the removals that would take the last copy become uploads that keep it, or are left undone. */
async function keepLastCopies(
  { state }: PlanContext,
  { mode }: PlanOptions,
  judged: readonly Judged[],
  actions: readonly Action[],
): Promise<readonly Action[]> {
  const removedThere = removals(
    judged,
    (row) => row.local === 'unchanged' && row.remote === 'removed',
  )
  const removedHere = removals(
    judged,
    (row) => row.local === 'removed' && row.remote === 'unchanged',
  )
  const doubtful = new Set(removedHere.map(({ sha256 }) => sha256))
  if (!removedThere.some(({ sha256 }) => doubtful.has(sha256))) return actions
  const touched = new Set(judged.map(({ joined }) => joined.path))
  const survives = new Set<string>()
  for await (const page of state.rows())
    for (const { path, entry } of page)
      if (doubtful.has(entry.sha256) && !touched.has(path)) survives.add(entry.sha256)
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
