import { type IgnoreSettings, isJunk } from '../decide/ignore.ts'
import { DEFAULT_MAX_DELETE, judgeGuards } from '../decide/guards.ts'
import type { Retention } from '../decide/retention.ts'
import type { World } from '../disk/clock.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { Effects, Ranged } from '../execute/context.ts'
import { execute, type Failed } from '../execute/execute.ts'
import { PartBuffers } from '../execute/part-buffers.ts'
import { Recorder } from '../execute/recorder.ts'
import { recordAdopted } from '../execute/settle.ts'
import { isSilent, Tally } from '../execute/tally.ts'
import { Trash } from '../execute/trash.ts'
import type { Path, SymlinkPolicy } from '../model/entry.ts'
import type { Pointer } from '../model/nested.ts'
import { diskPath, isWithin, normalizeScopes } from '../model/path.ts'
import type { Action, Conflict, ConflictPolicy, Halt, Plan } from '../model/plan.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import type { StorageProvider } from '../provider/index.ts'
import { DEFAULT_JOBS } from '../remote/in-flight.ts'
import { Bandwidth, Slots } from '../remote/limiter.ts'
import { withPolicies } from '../remote/policies.ts'
import { DEFAULT_RETRY } from '../remote/retry.ts'
import { probeFolding } from '../scan/folding.ts'
import type { State } from '../state/state.ts'
import { Transfers } from '../state/transfers.ts'
import { announce, foresee, halted, warnOfGit } from './announce.ts'
import type { RunOptions, RunReport } from './api.ts'
import { readKnownPointers } from '../state/nested.ts'
import { withContentHere } from './content-here.ts'
import { checkIdentity } from './identity.ts'
import { clearLeftBehind } from './left-behind.ts'
import {
  laterPlans,
  makePlan,
  type PlanContext,
  type Planned,
  type PlanOptions,
} from './make-plan.ts'
import { NestedRepositories } from './nested.ts'
import { refuseNowhere } from './nowhere.ts'
import { readPointers } from './pointers.ts'
import { clearStaging, repair } from './repair.ts'
import { applyRetention } from './trash.ts'

/** A repository and its remote, open; the lock is held by the caller. */
export interface SyncContext {
  readonly disk: Disk
  readonly provider: StorageProvider
  readonly world: World
  readonly state: State
  readonly author: string
  /** The remote's address, for the report. */
  readonly remote: string
  /** The identity that this repository was made for; undefined where the remote could not be given one. */
  readonly identity?: string
  readonly policy: ConflictPolicy
  /** How long the trash keeps what is in it; for ever, if absent. */
  readonly retention?: Retention
  readonly ranged?: Ranged
  readonly ignore: IgnoreSettings
  /** True if a nested repository's remote leads into this one's, or the reverse. */
  readonly overlaps?: (pointer: Pointer) => boolean
  readonly symlinks: SymlinkPolicy
  /** At most so many of the requests in flight may change something; all of them, if absent. */
  readonly writes?: number
}

const MIB = 1024 * 1024
/** Of 8 MiB each, as a rule. */
const PARTS_AT_ONCE = 8
const RANGES_AT_ONCE = 16
const RANGED: Ranged = { from: 32 * MIB, range: 4 * MIB, noted: 4 * MIB }

/** A path that changes under our hands is compared again so often before it is reported. */
const ROUNDS = 3

/** Problems that a new look may settle: the path moved while we worked. */
const WORTH_ANOTHER_LOOK: ReadonlySet<ProblemCode> = new Set([
  'changing',
  'moved-on',
  'kept-for-safety',
])

/** Up to so many paths are compared again by name; above, everything is. */
const FEW_PATHS = 100

/**
 * One run: repair what a dead one left, check whose remote it is, compare, halt if it looks like an accident, act, record.
 * Everything that happened is recorded also when it ends by an error or an interruption.
 */
export async function sync(context: SyncContext, options: RunOptions): Promise<RunReport> {
  const { disk, world, state, remote } = context
  const { signal, onEvent } = options
  const jobs = options.jobs ?? DEFAULT_JOBS
  const provider = withPolicies(context.provider, {
    retry: DEFAULT_RETRY,
    slots: new Slots(jobs),
    writes: new Slots(context.writes ?? jobs),
    world,
  })
  for (const message of state.notices) onEvent({ type: 'notice', message })

  if (!options.dryRun) {
    onEvent({ type: 'phase', phase: 'recovering' })
    await clearStaging(disk)
    for (const path of await repair(disk, state))
      onEvent({ type: 'notice', message: `put back after an interrupted run: ${path}` })
  }

  const folding = await probeFolding(disk, world)

  const tally = new Tally()
  const scopes = normalizeScopes(options.paths)
  const policy = options.conflict ?? context.policy
  const known = await readKnownPointers(disk)
  const [other, pointers] = await Promise.all([
    checkIdentity(context, provider, options),
    readPointers(provider, known, jobs, signal),
  ])
  if (other !== undefined) return halted(remote, [other], tally, onEvent)

  let ignored = (_path: Path): boolean => false
  const effects: Effects = {
    disk,
    provider,
    world,
    state,
    trash: new Trash(disk, world),
    isJunk: (path) => isJunk(path) && ignored(path),
    recorder: new Recorder(disk, provider, state, world),
    transfers: await Transfers.open(disk, world, remote),
    ranged: context.ranged ?? RANGED,
    partBuffers: new PartBuffers(PARTS_AT_ONCE),
    rangeSlots: new Slots(RANGES_AT_ONCE),
    author: context.author,
    symlinks: context.symlinks,
    folding,
    jobs,
    bandwidth: {
      up: new Bandwidth(options.bandwidth?.up, world),
      down: new Bandwidth(options.bandwidth?.down, world),
    },
    signal,
    onEvent,
  }
  const nested = await NestedRepositories.open(
    context,
    {
      mode: options.mode,
      policy,
      claim: options.override !== undefined && options.mode === 'push',
      within: scopes,
      recursive: options.recursive === true,
    },
    known,
    pointers,
  )
  const planContext: PlanContext = {
    ...context,
    folding,
    provider,
    jobs,
    signal,
    onEvent,
    nestedAbove: nested.above,
    // It claims nothing but what was just read, so no guard needs to be asked first.
    ...(options.dryRun
      ? {}
      : { onSilent: (action) => recordAdopted(effects.recorder, action, action.from) }),
  }
  let within = scopes
  let unchanged = 0
  let warned = false
  const conflicts = new Map<Path, Conflict>()
  const problems = new Map<Path, Problem>()
  const failed: Failed = { up: new Set(), down: new Set() }

  const note = (found: Pick<Plan, 'conflicts' | 'problems'>): void => {
    for (const problem of found.problems) problems.set(problem.path, problem)
    for (const conflict of found.conflicts) conflicts.set(conflict.path, conflict)
  }
  const prepared = async (
    actions: readonly Action[],
    inner: readonly Path[],
  ): Promise<readonly Action[]> => {
    const ours = without(actions, inner)
    warned ||= warnOfGit(ours, onEvent)
    return options.dryRun ? ours : withContentHere(effects, ours)
  }

  let again: readonly Problem[] = []
  for (let round = 1; ; round++) {
    const planOptions: PlanOptions = {
      mode: options.mode,
      policy,
      within,
      ...(options.override === undefined
        ? {}
        : { override: { as: options.override, named: scopes } }),
      ...(options.settlements === undefined ? {} : { settlements: options.settlements }),
      ...(options.portion === undefined ? {} : { portion: options.portion }),
    }
    const planned = await makePlan(planContext, planOptions).catch(async (error: unknown) => {
      await effects.recorder.drain()
      throw error
    })
    await effects.recorder.settle()
    const { plan, left } = planned
    ignored = planned.ignored
    unchanged += planned.silent
    let inner: readonly Path[] = []
    if (round === 1) {
      await refuseNowhere(disk, planned, nested.above)
      unchanged += planned.unchanged
      const halts = guard(planned, options, within)
      note(plan)
      if (halts.length > 0)
        return halted(
          remote,
          halts,
          tally,
          onEvent,
          unchanged + plan.actions.filter(isSilent).length,
        )
      await nested.complete(planned.nested)
      inner = await nested.settle(provider, options.dryRun, signal)
      announce(without(plan.actions, inner), left, onEvent)
    } else {
      // All is compared anew: what happened meanwhile may look like an accident now. Something was done already, so this is no halt.
      if (within === scopes && guard(planned, options, within).length > 0) {
        for (const problem of again) problems.set(problem.path, problem)
        break
      }
      note(plan)
      for (const { path } of plan.conflicts) {
        // What should have taken the place of something that is on its way out did not arrive.
        failed.up.add(path)
        failed.down.add(path)
      }
    }
    if (planned.marks.length > 0 && !options.dryRun) {
      await state.record(planned.marks)
      // A power cut that took a mark would let a removal follow after all.
      await disk.flush([state.journalPath])
    }
    const actions = await prepared(plan.actions, inner)
    const more = async function* (): AsyncGenerator<readonly Action[]> {
      // In one direction, what is new on the side that it goes to is nothing to do.
      if (left === undefined || left.actions === 0) return
      await effects.recorder.settle()
      // What is still to go may be in the way of what has come: only for now.
      const going = new Set(actions.filter(isRemoval).map(({ path }) => path))
      for await (const next of laterPlans(planContext, planOptions, left)) {
        note({ ...next, problems: next.problems.filter(({ path }) => !going.has(path)) })
        yield await prepared(next.actions, inner)
      }
    }
    if (options.dryRun) {
      foresee(actions, tally, onEvent)
      for await (const next of more()) foresee(next, tally, onEvent)
      break
    }
    for (const problem of await execute(effects, actions, tally, failed, more()))
      problems.set(problem.path, problem)
    again = [...problems.values()].filter(({ code }) => WORTH_ANOTHER_LOOK.has(code))
    if (again.length === 0 || round === ROUNDS) break
    for (const { path } of again) {
      // Tried again, and only then forgiven.
      failed.up.delete(path)
      failed.down.delete(path)
      tally.forgive(path)
      problems.delete(path)
      conflicts.delete(path)
    }
    within =
      again.length > FEW_PATHS ? scopes : normalizeScopes(again.map(({ path }) => diskPath(path)))
  }

  for (const problem of nested.problems())
    if (!problems.has(problem.path)) problems.set(problem.path, problem)
  if (!options.dryRun) {
    await clearLeftBehind(effects, options.mode, scopes)
    await state.compact()
    await clearTrash(context, effects.trash.run, onEvent)
  }
  for (const conflict of conflicts.values()) onEvent({ type: 'conflict', conflict })
  for (const problem of problems.values()) onEvent({ type: 'problem', problem })
  return {
    remote,
    conflicts: [...conflicts.values()],
    problems: [...problems.values()],
    halted: [],
    nested: nested.list(),
    totals: tally.totals(unchanged),
  }
}

/** What was in the trash for too long goes; that it cannot is no reason to fail. */
async function clearTrash(
  { disk, world, retention }: SyncContext,
  ours: string,
  onEvent: RunOptions['onEvent'],
): Promise<void> {
  if (retention === undefined) return
  try {
    const { files, bytes } = await applyRetention(disk, retention, world.now(), ours)
    if (files > 0) onEvent({ type: 'trash-cleared', files, bytes })
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    onEvent({ type: 'notice', message: `the trash cannot be cleared: ${error.message}` })
  }
}

function isRemoval({ kind }: Action): boolean {
  return kind === 'remove-local' || kind === 'remove-remote'
}

/** Without what lies at or below these paths: what was to be this repository's own again is not yet. */
function without(actions: readonly Action[], paths: readonly Path[]): readonly Action[] {
  return paths.length === 0 ? actions : actions.filter(({ path }) => !isWithin(path, paths))
}

function guard(planned: Planned, options: RunOptions, within: readonly Path[]): readonly Halt[] {
  return judgeGuards({
    plan: planned.plan,
    ...planned.facts,
    whole: within.length === 0,
    maxDelete: options.maxDelete ?? DEFAULT_MAX_DELETE,
    allow: options.allow,
  })
}
