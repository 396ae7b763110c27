import type { Failed, Ledger } from '../execute/endings.ts'
import { isSilent, Tally } from '../execute/tally.ts'
import type { Path } from '../model/entry.ts'
import type { OnEvent } from '../model/events.ts'
import type { Nested } from '../model/nested.ts'
import type { Conflict, Halt, Plan } from '../model/plan.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import type { RunReport } from './api.ts'

/** Problems that a new look may settle: the path moved while we worked. */
const WORTH_ANOTHER_LOOK: ReadonlySet<ProblemCode> = new Set([
  'changing',
  'moved-on',
  'kept-for-safety',
  'no-place-there',
])

/** What a run has come to so far. */
export class RunOutcome implements Ledger {
  readonly tally = new Tally()
  readonly failed: Failed = { up: new Set(), down: new Set() }
  readonly rests = new Set<Path>()
  /** Files on which there was nothing to do. */
  unchanged = 0
  /** Said once a run. */
  warnedOfGit = false
  readonly #remote: string
  readonly #onEvent: OnEvent
  readonly #conflicts = new Map<Path, Conflict>()
  readonly #problems = new Map<Path, Problem>()

  /** @param remote the remote's address, for the report */
  constructor(remote: string, onEvent: OnEvent) {
    this.#remote = remote
    this.#onEvent = onEvent
  }

  note({
    conflicts = [],
    problems = [],
    unbrought,
  }: Partial<Pick<Plan, 'conflicts' | 'problems' | 'unbrought'>>): void {
    for (const path of unbrought?.up ?? []) this.failed.up.add(path)
    for (const path of unbrought?.down ?? []) this.failed.down.add(path)
    for (const problem of problems) this.#problems.set(problem.path, problem)
    for (const conflict of conflicts) this.#conflicts.set(conflict.path, conflict)
  }

  /** Nothing is removed any more on either side: what should have taken the place of something that is on its way out did not arrive. */
  holdRemovals({ conflicts }: Pick<Plan, 'conflicts'>): void {
    for (const { path } of conflicts) {
      this.failed.up.add(path)
      this.failed.down.add(path)
    }
  }

  worthAnotherLook(): readonly Problem[] {
    return [...this.#problems.values()].filter(({ code }) => WORTH_ANOTHER_LOOK.has(code))
  }

  /** Each is looked at once. */
  takeRests(): readonly Path[] {
    const paths = [...this.rests]
    this.rests.clear()
    return paths
  }

  /** They are tried again: only how that ends counts. */
  forgive(problems: readonly Problem[]): void {
    for (const { path } of problems) {
      this.failed.up.delete(path)
      this.failed.down.delete(path)
      this.tally.forgive(path)
      this.#problems.delete(path)
      this.#conflicts.delete(path)
    }
  }

  /** Of the repositories within this one: what is known of the path itself goes first. */
  noteNested(problems: readonly Problem[]): void {
    for (const problem of problems)
      if (!this.#problems.has(problem.path)) this.#problems.set(problem.path, problem)
  }

  /** Tells of conflicts and problems, and returns what there is to report. */
  report(nested: readonly Nested[]): RunReport {
    const conflicts = [...this.#conflicts.values()]
    const problems = [...this.#problems.values()]
    for (const conflict of conflicts) this.#onEvent({ type: 'conflict', conflict })
    for (const problem of problems) this.#onEvent({ type: 'problem', problem })
    return {
      remote: this.#remote,
      conflicts,
      problems,
      halted: [],
      nested,
      totals: this.tally.totals(this.unchanged),
    }
  }

  /**
   * Tells why nothing was done, and returns what there is to report.
   * @param plan what would have been done; absent where nothing was compared
   */
  halted(halts: readonly Halt[], plan?: Plan): RunReport {
    const same = plan?.actions.filter(isSilent).length ?? 0
    for (const halt of halts) this.#onEvent({ type: 'halted', halt })
    return {
      remote: this.#remote,
      conflicts: [],
      problems: [],
      halted: halts,
      nested: [],
      totals: this.tally.totals(this.unchanged + same),
    }
  }
}
