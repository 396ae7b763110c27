import { isRemoval } from '../decide/held-back.ts'
import { withRests } from '../decide/rests.ts'
import { DiskError } from '../disk/disk.ts'
import { execute } from '../execute/execute.ts'
import type { Path } from '../model/entry.ts'
import { diskPath, isWithin, normalizeScopes } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import { announce, foresee, warnOfGit } from './announce.ts'
import type { RunOptions, RunReport } from './api.ts'
import { withContentHere } from './content-here.ts'
import { clearLeftBehind } from './left-behind.ts'
import { guardsOf, laterPlans, makePlan, type Planned } from './make-plan.ts'
import type { PlanOptions } from './plan-context.ts'
import { refuseNowhere, tellLeftOut } from './nowhere.ts'
import { openRun, type Run, type SyncContext } from './open-run.ts'
import { RunOutcome } from './run-outcome.ts'
import { applyRetention } from './trash.ts'

/** A path that changes under our hands is compared again so often before it is reported. */
const ROUNDS = 3

/** Up to so many paths are compared again by name; above, everything is. */
const FEW_PATHS = 100

/**
 * One run: repair what a dead one left, check whose remote it is, compare, halt if it looks like an accident, act, record.
 * Everything that happened is recorded also when it ends by an error or an interruption.
 */
export async function sync(context: SyncContext, options: RunOptions): Promise<RunReport> {
  const outcome = new RunOutcome(context.remote, options.onEvent)
  const run = await openRun(context, options)
  if ('guard' in run) return outcome.halted([run])
  const { nested, scopes, effects } = run
  const halted = await lookAndAct(run, outcome)
  if (halted !== undefined) return halted
  if (!options.dryRun) await lookAgain(run, outcome)

  outcome.noteNested(nested.problems())
  if (!options.dryRun) {
    await clearLeftBehind(effects, options.mode, scopes)
    await context.state.compact()
    await clearTrash(context, effects.trash.run, options.onEvent)
  }
  return outcome.report(nested.list())
}

/** The first round. @returns what there is to report where it looks like an accident: then nothing was done */
async function lookAndAct(run: Run, outcome: RunOutcome): Promise<RunReport | undefined> {
  const { options, scopes, effects, nested } = run
  const planned = await look(run, scopes, outcome)
  await refuseNowhere(effects.disk, planned, nested.above)
  await tellLeftOut(effects.disk, planned, scopes, options.onEvent)
  outcome.unchanged += planned.unchanged
  const halts = guardsOf(planned, scopes, options)
  if (halts.length > 0) return outcome.halted(halts, planned.plan)
  outcome.note(planned.plan)
  await nested.complete(planned.nested)
  const inner = await nested.settle(effects.provider, options.dryRun, options.signal)
  const ours = without(planned.plan.actions, inner)
  announce(foreseen(run, ours), planned.left, options.onEvent)
  await carryOut(run, scopes, planned, inner, outcome)
  return undefined
}

/** Compares the named paths; what a look by itself recorded is on the disk when it ends. */
async function look(run: Run, within: readonly Path[], outcome: RunOutcome): Promise<Planned> {
  const { recorder } = run.effects
  const planned = await makePlan(run.planContext, planOptions(run, within)).catch(
    async (error: unknown) => {
      await recorder.drain()
      throw error
    },
  )
  await recorder.settle()
  run.rules.ignored = planned.ignored
  outcome.unchanged += planned.silent
  return planned
}

function planOptions({ options, policy, scopes }: Run, within: readonly Path[]): PlanOptions {
  const { mode, override, settlements, portion } = options
  return {
    mode,
    policy,
    within,
    ...(override === undefined ? {} : { override: { as: override, named: scopes } }),
    ...(settlements === undefined ? {} : { settlements }),
    ...(portion === undefined ? {} : { portion }),
  }
}

/** Does what was planned, and what is left of new files after it; a dry run only tells of it. `inner`: nothing is done at or below. */
async function carryOut(
  run: Run,
  within: readonly Path[],
  planned: Planned,
  inner: readonly Path[],
  outcome: RunOutcome,
): Promise<void> {
  const { effects, options, planContext } = run
  const { plan, left, marks } = planned
  if (marks.length > 0 && !options.dryRun) {
    const { disk, state } = effects
    await state.record(marks)
    // A power cut that took a mark would let a removal follow after all.
    await disk.flush([state.journalPath])
  }
  const prepared = async (some: readonly Action[]): Promise<readonly Action[]> => {
    const ours = without(some, inner)
    outcome.warnedOfGit ||= warnOfGit(ours, options.onEvent)
    return options.dryRun ? foreseen(run, ours) : withContentHere(effects, ours)
  }
  const actions = await prepared(plan.actions)
  const more = async function* (): AsyncGenerator<readonly Action[]> {
    // In one direction, what is new on the side that it goes to is nothing to do.
    if (left === undefined || left.actions === 0) return
    await effects.recorder.settle()
    // What is still to go may be in the way of what has come: only for now.
    const going = new Set(actions.filter(isRemoval).map(({ path }) => path))
    for await (const next of laterPlans(planContext, planOptions(run, within), left)) {
      outcome.note({ ...next, problems: next.problems.filter(({ path }) => !going.has(path)) })
      yield await prepared(next.actions)
    }
  }
  if (options.dryRun) await foresee(actions, more(), outcome, options.onEvent)
  else outcome.note({ problems: await execute(effects, actions, outcome, more()) })
}

/** Compares anew what moved under our hands, and what there is more to do at, and goes on with what that comes to. */
async function lookAgain(run: Run, outcome: RunOutcome): Promise<void> {
  for (let round = 2; round <= ROUNDS; round++) {
    const again = outcome.worthAnotherLook()
    const rests = outcome.takeRests()
    const paths = [...again.map(({ path }) => path), ...(run.options.mode === 'sync' ? rests : [])]
    if (paths.length === 0) return
    // Tried again, and only then forgiven.
    outcome.forgive(again)
    const within = paths.length > FEW_PATHS ? run.scopes : normalizeScopes(paths.map(diskPath))
    const planned = await look(run, within, outcome)
    // All is compared anew: what happened meanwhile may look like an accident now. Something was done already, so this is no halt.
    if (within === run.scopes && guardsOf(planned, within, run.options).length > 0)
      return outcome.note({ problems: again })
    for (const { path } of again) run.options.onEvent({ type: 'again', path })
    outcome.note(planned.plan)
    outcome.holdRemovals(planned.plan)
    await carryOut(run, within, planned, [], outcome)
  }
}

/** With what a further look comes to. In one direction, that would go in the other one. */
function foreseen({ options }: Run, actions: readonly Action[]): readonly Action[] {
  return options.mode === 'sync' ? withRests(actions) : actions
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

/** Without what lies at or below these paths: what was to be this repository's own again is not yet. */
function without(actions: readonly Action[], paths: readonly Path[]): readonly Action[] {
  return paths.length === 0 ? actions : actions.filter(({ path }) => !isWithin(path, paths))
}
