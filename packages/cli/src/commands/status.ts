import { Args, Flags } from '@oclif/core'
import { LsyncCommand } from '../base-command.ts'
import { EXIT } from '../messages/table.ts'
import { actionFacts, conflictFacts } from '../moving-command.ts'
import { actionLine, conflictLine, problemLine } from '../render/lines.ts'
import { count } from '../render/format.ts'

export default class Status extends LsyncCommand {
  static override description = 'Say what a sync would do.'
  static override strict = false
  static override args = {
    paths: Args.string({ description: 'files or folders; none = the whole repository' }),
  }
  static override flags = {
    local: Flags.boolean({ description: 'do not ask the remote' }),
    'exit-code': Flags.boolean({ description: 'exit with 8 if there is something to do' }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Status)
    this.inFolder(flags)
    const { statusRepository } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const status = await statusRepository(machine, repository, {
      paths: await this.pathsIn(repository, argv as string[]),
      local: flags.local,
      signal: this.abort.signal,
      onEvent: () => undefined,
    })
    const { actions, conflicts, problems, unchanged } = status
    if (!this.json) {
      for (const action of actions) {
        const line = actionLine(action, true)
        if (line !== undefined) this.log(line)
      }
      for (const conflict of conflicts) this.log(conflictLine(conflict))
      for (const problem of problems) this.log(problemLine(problem))
      if (actions.length + conflicts.length + problems.length === 0)
        this.log(`Nothing to do: ${count(unchanged, 'file')} unchanged.`)
    }
    const todo = actions.length + conflicts.length > 0
    const exit =
      flags['exit-code'] && todo
        ? EXIT.pending
        : conflicts.length > 0
          ? EXIT.conflicts
          : problems.length > 0
            ? EXIT.problems
            : EXIT.done
    this.document(
      {
        remote: status.remote,
        local: flags.local,
        actions: actions.map((action) => actionFacts(action, 'planned')),
        conflicts: conflicts.map(conflictFacts),
        problems: problems.map(({ path, code, detail }) => ({
          path,
          code,
          message: detail ?? code,
        })),
        totals: { unchanged },
      },
      exit,
    )
    if (exit !== EXIT.done) this.exit(exit)
  }
}
