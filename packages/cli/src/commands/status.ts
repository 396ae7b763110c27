import type { Status as StatusReport } from '@lsync/core'
import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../base-command.ts'
import {
  actionFacts,
  conflictFacts,
  haltFacts,
  nestedFacts,
  plannedTotals,
  problemFacts,
} from '../facts.ts'
import { type Part, type Recursion, runInner } from '../inner.ts'
import { EXIT } from '../messages/exit.ts'
import { exitOf } from '../moving-command.ts'
import { pathsArgument } from '../paths.ts'
import { escapeName } from '../render/escape.ts'
import { isWorthTelling } from '../render/moves.ts'
import { statusLines } from '../render/status.ts'

export default class Status extends LsyncCommand {
  static override description = 'Say what a sync would do. Changes nothing.'
  static override strict = false
  static override args = pathsArgument
  static override flags = {
    local: Flags.boolean({
      default: false,
      description: 'do not ask the remote: only what changed here',
    }),
    recursive: Flags.boolean({
      default: false,
      description: 'of the repositories within this one too',
    }),
    'exit-code': Flags.boolean({
      default: false,
      description: 'exit with 8 if there is something to do',
    }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Status)
    this.enter(flags)
    const { statusRepository } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const paths = await this.pathsIn(repository, argv)
    const run: Recursion['run'] = async (one, within) => {
      const status = await statusRepository(machine, one, {
        paths: within,
        local: flags.local,
        recursive: flags.recursive,
        signal: this.abort.signal,
        onEvent: this.watch().onEvent,
      })
      this.say(statusLines(status, flags.local, one.root))
      return partOf(status, flags)
    }
    const part = await run(repository, paths)
    const whole = flags.recursive
      ? await runInner(machine, repository, paths, part, {
          enter: (name) => {
            this.say(`in ${escapeName(name)}:`)
          },
          run,
          failed: (name, error) => this.partFailed(name, error),
        })
      : { facts: { ...part.facts, nested: part.nested.map(nestedFacts) }, exit: part.exit }
    await this.end(whole.facts, whole.exit)
  }
}

function partOf(
  { remote, actions, conflicts, problems, nested, unchanged, halts }: StatusReport,
  flags: { readonly local: boolean; readonly 'exit-code': boolean },
): Part {
  const told = actions.filter(isWorthTelling)
  const pending =
    flags['exit-code'] &&
    (told.length + conflicts.length + halts.length > 0 ||
      nested.some(({ effect }) => effect !== undefined))
  return {
    facts: {
      remote,
      local: flags.local,
      dryRun: true,
      actions: told.map((action) => actionFacts(action, 'planned')),
      conflicts: conflicts.map(conflictFacts),
      problems: problems.map(problemFacts),
      totals: plannedTotals(actions, unchanged),
      ...(halts.length > 0 ? { halts: halts.map(haltFacts) } : {}),
    },
    exit: pending ? EXIT.pending : exitOf({ halted: [], conflicts, problems }),
    nested,
  }
}
