import type { Override, SyncMode } from '@lsync/core'
import * as Flags from '@oclif/core/flags'
import { MovingCommand } from './moving-command.ts'
import { movingFlags, runSettings } from './moving-flags.ts'
import { pathsArgument } from './paths.ts'
import { wrongUsage } from './messages/usage.ts'

/** Known to all three, so that a sync, where neither side wins, can say why it has none. */
export const overrideFlags = (side?: { readonly wins: string; readonly loses: string }) => ({
  force: Flags.boolean({
    hidden: side === undefined,
    default: false,
    description: `at the named paths ${side?.wins} wins, also over what is newer`,
    exclusive: ['mirror', 'conflict'],
  }),
  mirror: Flags.boolean({
    hidden: side === undefined,
    default: false,
    description: `make ${side?.loses} exactly like ${side?.wins}, removals included`,
    exclusive: ['conflict'],
  }),
})

/** sync, pull and push: one command in three directions. */
export abstract class DirectionCommand extends MovingCommand {
  static override args = pathsArgument
  static override flags = { ...movingFlags, ...overrideFlags() }
  static override strict = false
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> docs notes.txt',
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]

  protected abstract readonly mode: SyncMode

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(DirectionCommand)
    this.enter(flags)
    const settings = runSettings(flags, this.folder)
    const override = this.#override(flags, argv.length)
    const machine = await this.machine()
    const repository = await this.repository(machine)
    await this.move(machine, repository, this.mode, await this.pathsIn(repository, argv), {
      ...settings,
      options: { ...settings.options, ...(override === undefined ? {} : { override }) },
    })
  }

  #override(
    { force, mirror }: { readonly force: boolean; readonly mirror: boolean },
    paths: number,
  ): Override | undefined {
    if (!force && !mirror) return undefined
    const flag = force ? 'force' : 'mirror'
    if (this.mode === 'sync')
      throw wrongUsage(
        `A sync goes both ways: with --${flag} say which side wins, lsync push --${flag} (this one) or lsync pull --${flag} (the remote)`,
      )
    if (force && paths === 0)
      throw wrongUsage(
        'Name the paths that are to win with --force; . stands for all in this folder',
      )
    return flag
  }
}
