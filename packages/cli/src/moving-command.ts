import type { LsyncEvent, Machine, Override, Repository, RunReport, SyncMode } from '@lsync/core'
import { LsyncCommand } from './base-command.ts'
import { actionFacts, conflictFacts, haltFacts, nestedFacts, problemFacts } from './facts.ts'
import type { Described } from './messages/describe.ts'
import { EXIT } from './messages/table.ts'
import type { RunSettings } from './moving-flags.ts'
import { isWorthTelling } from './render/moves.ts'
import { escapeText } from './render/escape.ts'
import type { LogFile } from './render/log-file.ts'

/** Commands that move files between the sides. */
export abstract class MovingCommand extends LsyncCommand {
  // oclif stops looking for inherited flags at a class that has none of its own.
  static override baseFlags = LsyncCommand.baseFlags

  protected override readonly endsWithItsReader = false
  #log: LogFile | undefined

  /** One run, and the end of the command. `facts` go into its document too. */
  protected async move(
    machine: Machine,
    repository: Repository,
    mode: SyncMode,
    paths: readonly string[],
    { options, render, log }: RunSettings & { readonly options: { readonly override?: Override } },
    facts: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.#log = log
    const { syncRepository } = await import('@lsync/core')
    const renderer = this.watch(render)
    // A path that is looked at again may have several outcomes: the last one counts.
    const actions = new Map<string, unknown>()
    const onEvent = (event: LsyncEvent): void => {
      renderer.onEvent(event)
      log?.onEvent(event)
      if (event.type !== 'action') return
      const { action, result } = event
      if (this.json && (isWorthTelling(action) || result === 'failed'))
        actions.set(`${action.kind} ${action.path}`, actionFacts(action, result))
    }
    const report = await syncRepository(machine, repository, {
      ...options,
      mode,
      paths,
      signal: this.abort.signal,
      onEvent,
    })
    renderer.finish(report)
    const { remote, conflicts, problems, nested, totals, halted } = report
    await this.end(
      {
        ...facts,
        remote,
        dryRun: options.dryRun,
        actions: [...actions.values()],
        conflicts: conflicts.map(conflictFacts),
        problems: problems.map(problemFacts),
        nested: nested.map(nestedFacts),
        totals,
        ...(halted.length > 0 ? { halted: halted.map(haltFacts) } : {}),
      },
      exitOf(report),
    )
  }

  protected override onFailure({ message, hint, exit }: Described, error: Error): void {
    this.#log?.write(`error: ${message}${hint === undefined ? '' : ` ${hint}`}`)
    if (exit === EXIT.bug) this.#log?.write(escapeText(error.stack ?? ''))
  }
}

/** Several may apply: 5, 3, 4 in that order. (6 comes before 3, but is an error: then there is no report.) */
export function exitOf({
  halted,
  conflicts,
  problems,
}: Pick<RunReport, 'halted' | 'conflicts' | 'problems'>): number {
  if (halted.length > 0) return EXIT.halted
  if (conflicts.length > 0) return EXIT.conflicts
  return problems.length > 0 ? EXIT.problems : EXIT.done
}
