import { join } from 'node:path'
import type { LsyncEvent, Machine, Override, Repository, RunReport, SyncMode } from '@lsync/core'
import { LsyncCommand } from './base-command.ts'
import { ActionsDone, conflictFacts, haltFacts, nestedFacts, problemFacts } from './facts.ts'
import type { Described } from './messages/describe.ts'
import { type Part, type Recursion, runInner } from './inner.ts'
import { EXIT } from './messages/exit.ts'
import type { RunSettings } from './moving-flags.ts'
import { elsewhereLines } from './render/nested.ts'
import { escapeName, escapeText } from './render/escape.ts'
import type { LogFile } from './render/log-file.ts'

type MoveSettings = RunSettings & {
  readonly options: { readonly override?: Override }
  /** Nested repositories that are not here are brought, or it is said how. */
  readonly brings?: boolean
}

/** Commands that move files between the sides. */
export abstract class MovingCommand extends LsyncCommand {
  // oclif stops looking for inherited flags at a class that has none of its own.
  static override baseFlags = LsyncCommand.baseFlags

  protected override readonly endsWithItsReader = false
  #log: LogFile | undefined

  /** A run, one in each repository within this one if that was asked for, and the end of the command. `facts` go into its document too. */
  protected async move(
    machine: Machine,
    repository: Repository,
    mode: SyncMode,
    paths: readonly string[],
    settings: MoveSettings,
    facts: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.#log = settings.log
    const run: Recursion['run'] = (one, within) => this.#run(machine, one, mode, within, settings)
    const part = await run(repository, paths)
    const { quiet } = settings.render
    const bring: Recursion['bring'] = async (outer, nested, name) => {
      const { bringNested, terminalConfirm } = await import('./bring.ts')
      // Nothing may be drawn over the question: what watched until now has stopped, and this one draws nothing before an event.
      const { onEvent } = this.watch(settings.render)
      return bringNested(machine, outer, nested, name, {
        confirm: this.json ? undefined : terminalConfirm(this.abort.signal, this.interrupt),
        signal: this.abort.signal,
        onEvent,
      })
    }
    const whole = settings.options.recursive
      ? await runInner(machine, repository, paths, part, {
          enter: (name) => {
            settings.log?.write(`in ${escapeName(name)}`)
            if (!quiet) this.say(`in ${escapeName(name)}:`)
          },
          run,
          failed: (name, error) => this.partFailed(name, error),
          ...(settings.brings === true ? { bring } : {}),
        })
      : { facts: { ...part.facts, nested: part.nested.map(nestedFacts) }, exit: part.exit }
    if (settings.brings === true && !settings.options.recursive && !quiet)
      this.say(elsewhereLines(part.nested, repository.root))
    await this.end({ ...facts, ...whole.facts }, whole.exit)
  }

  async #run(
    machine: Machine,
    repository: Repository,
    mode: SyncMode,
    paths: readonly string[],
    { options, render, log, brings }: MoveSettings,
  ): Promise<Part> {
    const { syncRepository } = await import('@lsync/core')
    const renderer = this.watch(render)
    const done = new ActionsDone()
    let onlyFolders = true
    const onEvent = (event: LsyncEvent): void => {
      onlyFolders &&= event.type !== 'action' || event.action.path.endsWith('/')
      renderer.onEvent(event)
      log?.onEvent(event)
      if (this.json) done.onEvent(event)
    }
    const report = await syncRepository(machine, repository, {
      ...options,
      mode,
      paths,
      signal: this.abort.signal,
      onEvent,
    })
    // Each word on it is one more change to it.
    const logged = report.problems.find(({ path }) => join(repository.root, path) === log?.path)
    if (logged !== undefined)
      onEvent({
        type: 'notice',
        message: `${logged.path} is the log file of this run: name one outside of the repository, or leave it out, by a line /${logged.path} in .lsyncignore`,
      })
    if (brings === true && onlyFolders && nothingElse(report)) {
      const { downloaded, adopted } = report.totals
      const nothing = downloaded.files + adopted === 0
      onEvent({
        type: 'notice',
        message: `there is nothing${nothing ? '' : ' but empty folders'} at ${report.remote} yet`,
      })
    }
    renderer.finish(report)
    const { remote, conflicts, problems, nested, totals, halted } = report
    return {
      facts: {
        remote,
        dryRun: options.dryRun,
        actions: done.facts,
        conflicts: conflicts.map(conflictFacts),
        problems: problems.map(problemFacts),
        totals,
        ...(halted.length > 0 ? { halted: halted.map(haltFacts) } : {}),
      },
      exit: exitOf(report),
      nested,
    }
  }

  protected override onFailure({ message, hint, exit }: Described, error: Error): void {
    this.#log?.write(`error: ${message}${hint === undefined ? '' : ` ${hint}`}`)
    if (exit === EXIT.bug) this.#log?.write(escapeText(error.stack ?? ''))
  }
}

/** Of a clone of what is not there, where only a slip of the pen tells one prefix of a bucket from another. */
function nothingElse({ totals, conflicts, problems, halted, nested }: RunReport): boolean {
  const { unchanged, failed } = totals
  const told = conflicts.length + problems.length + halted.length + nested.length
  return unchanged + failed + told === 0
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
