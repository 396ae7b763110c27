import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../base-command.ts'
import { EXIT } from '../messages/exit.ts'
import { pathsArgument } from '../paths.ts'
import { escapeName } from '../render/escape.ts'
import { count } from '../render/format.ts'

const SIDES = { local: 'here', remote: 'on the remote' } as const
const WORDS = {
  missing: 'is missing',
  differs: 'is not what was agreed on',
  unreadable: 'cannot be read',
} as const

export default class Verify extends LsyncCommand {
  static override description = 'Check that both sides are what the database says. Changes nothing.'
  static override strict = false
  static override args = pathsArgument
  static override flags = {
    deep: Flags.boolean({ default: false, description: 'read every byte on both sides' }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Verify)
    this.enter(flags)
    const { verifyRepository } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const { checked, differences } = await verifyRepository(machine, repository, {
      paths: await this.pathsIn(repository, argv),
      deep: flags.deep,
      signal: this.abort.signal,
      onEvent: this.watch().onEvent,
    })
    this.say([
      ...differences.map(
        ({ path, side, kind }) => `${escapeName(path)} ${WORDS[kind]} ${SIDES[side]}`,
      ),
      differences.length === 0
        ? `${count(checked, 'path')} checked: both sides are what the database says.`
        : `${count(checked, 'path')} checked, ${count(differences.length, 'difference')}. A sync compares and settles them.`,
    ])
    await this.end(
      { remote: repository.config.remote, deep: flags.deep, checked, differences },
      differences.length > 0 ? EXIT.problems : EXIT.done,
    )
  }
}
