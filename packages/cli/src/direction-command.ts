import type { SyncMode } from '@lsync/core'
import { MovingCommand } from './moving-command.ts'
import { movingFlags, runSettings } from './moving-flags.ts'
import { pathsArgument } from './paths.ts'

/** sync, pull and push: one command in three directions. */
export abstract class DirectionCommand extends MovingCommand {
  static override args = pathsArgument
  static override flags = movingFlags
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
    const machine = await this.machine()
    const repository = await this.repository(machine)
    await this.move(machine, repository, this.mode, await this.pathsIn(repository, argv), settings)
  }
}
