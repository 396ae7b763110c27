import { Args, Flags } from '@oclif/core'
import { LsyncCommand } from '../base-command.ts'
import { EXIT } from '../messages/table.ts'
import { escapeName } from '../render/escape.ts'
import { count } from '../render/format.ts'

const WORDS = {
  missing: 'is missing',
  differs: 'is not what was agreed on',
  unreadable: 'cannot be read',
} as const

export default class Verify extends LsyncCommand {
  static override description = 'Check that both sides are what the database says. Changes nothing.'
  static override strict = false
  static override args = {
    paths: Args.string({ description: 'files or folders; none = the whole repository' }),
  }
  static override flags = { deep: Flags.boolean({ description: 'read every byte on both sides' }) }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Verify)
    this.inFolder(flags)
    const { verifyRepository } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const { checked, differences } = await verifyRepository(machine, repository, {
      paths: await this.pathsIn(repository, argv as string[]),
      deep: flags.deep,
      signal: this.abort.signal,
      onEvent: () => undefined,
    })
    if (!this.json) {
      for (const { path, side, kind } of differences)
        this.log(`${escapeName(path)} (${side}) ${WORDS[kind]}`)
      this.log(
        differences.length === 0
          ? `${count(checked, 'path')} checked: both sides are what the database says.`
          : `${count(checked, 'path')} checked, ${count(differences.length, 'difference')}. A sync compares and settles them.`,
      )
    }
    const exit = differences.length > 0 ? EXIT.problems : EXIT.done
    this.document({ deep: flags.deep, checked, differences }, exit)
    if (exit !== EXIT.done) this.exit(exit)
  }
}
