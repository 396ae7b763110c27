import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../base-command.ts'
import { actionFacts, conflictFacts, nestedFacts, plannedTotals, problemFacts } from '../facts.ts'
import { EXIT } from '../messages/table.ts'
import { exitOf } from '../moving-command.ts'
import { pathsArgument } from '../paths.ts'
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
    const status = await statusRepository(machine, repository, {
      paths: await this.pathsIn(repository, argv),
      local: flags.local,
      signal: this.abort.signal,
      onEvent: this.watch().onEvent,
    })
    const { remote, actions, conflicts, problems, nested, unchanged } = status
    this.say(...statusLines(status, flags.local))
    const pending =
      flags['exit-code'] &&
      (actions.length + conflicts.length > 0 || nested.some(({ effect }) => effect !== undefined))
    await this.end(
      {
        remote,
        local: flags.local,
        dryRun: true,
        actions: actions.filter(isWorthTelling).map((action) => actionFacts(action, 'planned')),
        conflicts: conflicts.map(conflictFacts),
        problems: problems.map(problemFacts),
        nested: nested.map(nestedFacts),
        totals: plannedTotals(actions, unchanged),
      },
      pending ? EXIT.pending : exitOf({ halted: [], conflicts, problems }),
    )
  }
}
