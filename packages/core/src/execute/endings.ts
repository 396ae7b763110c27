import { heldBackProblem, isHeldBack, Standing } from '../decide/held-back.ts'
import { restOf } from '../decide/rests.ts'
import type { Path } from '../model/entry.ts'
import type { Action, Unbrought } from '../model/plan.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import { problemOf } from './consequence.ts'
import type { Effects } from './context.ts'
import type { Tally } from './tally.ts'

/** So many paths that the store fails for, each after all retries, or that it refuses before it took any, and the run ends: it is the store, not the paths. */
const MOST_REMOTE_FAILURES = 10

/** Of these, a refusal by the disk means that it may not be written; of all others, that it may not be read. */
const WRITES_HERE: ReadonlySet<Action['kind']> = new Set([
  'download',
  'keep-both',
  'move-local',
  'remove-local',
  'set-executable',
  'adopt',
])

/** After one of these the store is seen to take what it is asked to. */
const WRITES_THERE: ReadonlySet<Action['kind']> = new Set(['upload', 'keep-both', 'remove-remote'])

/** Objects that are links, where links are skipped or this one cannot be made. */
const LINKS: ReadonlySet<ProblemCode> = new Set(['symbolic-link', 'link-target'])

/** What did not get to a side, of the plan or since its transfer failed, and was not made good. */
export interface Failed extends Unbrought {
  readonly up: Set<string>
  readonly down: Set<string>
}

/** Where it is noted how actions ended, for a whole run. */
export interface Ledger {
  readonly tally: Tally
  readonly failed: Failed
  /** Paths at which there is more to do, now that this is done. */
  readonly rests: Set<Path>
}

/** How the actions of one plan ended, and what of the rest that holds back. */
export class Endings {
  readonly problems: Problem[] = []
  readonly #onEvent: Effects['onEvent']
  readonly #ledger: Ledger
  /** Paths that removals wait for, */
  readonly #awaited: ReadonlySet<Path>
  /** and those of them on which what was to be done is done. */
  readonly #arrived = new Set<Path>()
  readonly #standing = new Standing()
  #remoteFailures = 0
  #anyTaken = false

  constructor({ onEvent }: Pick<Effects, 'onEvent'>, actions: readonly Action[], ledger: Ledger) {
    this.#onEvent = onEvent
    this.#ledger = ledger
    this.#awaited = new Set(
      actions.flatMap((action) =>
        action.kind === 'remove-remote' && action.after !== undefined ? [action.after] : [],
      ),
    )
  }

  /** Notes the end of an action; without an error, it is done. Throws the error that ends the run. */
  readonly note = (action: Action, error?: unknown): void => {
    if (error === undefined) this.#done(action)
    else this.#failed(action, error)
  }

  #done(action: Action): void {
    this.#ledger.tally.done(action)
    this.#anyTaken ||= WRITES_THERE.has(action.kind)
    if (this.#awaited.has(action.path)) this.#arrived.add(action.path)
    if (restOf(action) !== undefined) this.#ledger.rests.add(action.path)
    // That a fingerprint moved is nothing that a person did, or needs to see.
    if (action.kind !== 'adopt' || !action.silent)
      this.#onEvent({ type: 'action', action, result: 'done' })
  }

  #failed(action: Action, error: unknown): void {
    const problem = problemOf(action.path, error, WRITES_HERE.has(action.kind))
    if (problem === undefined || this.#isOfTheStore(problem)) throw error
    this.#standing.add(action)
    // Not a failure: there is nothing that could arrive, and nothing that a removal would have to wait for.
    if (LINKS.has(problem.code)) {
      this.#skipped(action, problem)
      return
    }
    if (!neverKept(action, problem.code)) {
      const { up, down } = this.#ledger.failed
      if (action.kind === 'upload' || action.kind === 'keep-both') up.add(action.path)
      if (action.kind === 'download' || action.kind === 'keep-both' || action.kind === 'move-local')
        down.add(action.path)
    }
    this.#ledger.tally.failed(action.path)
    this.problems.push(problem)
    this.#onEvent({ type: 'action', action, result: 'failed' })
  }

  /** One problem of the store's too many. */
  #isOfTheStore({ code }: Problem): boolean {
    const counts = code === 'remote-failed' || (code === 'remote-refused' && !this.#anyTaken)
    return counts && ++this.#remoteFailures > MOST_REMOTE_FAILURES
  }

  /** True for a removal that is left undone, which is noted. */
  holdsBack(removal: Action): boolean {
    if (!isHeldBack(removal, this.#ledger.failed, this.#arrived)) return false
    this.#standing.add(removal)
    this.#skipped(removal, heldBackProblem(removal))
    return true
  }

  /** True for a transfer to a place that was not cleared. */
  lacksRoom(action: Action): boolean {
    return this.#standing.isInTheWayOf(action)
  }

  #skipped(action: Action, problem: Problem): void {
    this.problems.push(problem)
    this.#onEvent({ type: 'action', action, result: 'skipped' })
  }
}

/**
 * What a side can never hold is unknown there, and no failed transfer: else one such name would keep everything from being removed there for ever.
 * What moved to it keeps its former place all the same, since its removal waits for it (`after`).
 */
function neverKept({ kind }: Action, code: ProblemCode): boolean {
  if (kind === 'upload') return code === 'name-refused' || code === 'too-large'
  if (kind === 'move-local') return code === 'name-unsafe'
  return kind === 'download' && (code === 'name-unsafe' || code === 'too-large-here')
}
