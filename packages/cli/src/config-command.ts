import { type Repository, CONFIG } from '@lsync/core'
import { LsyncCommand } from './base-command.ts'

/** Commands on `.lsync/config.yaml`. */
export abstract class ConfigCommand extends LsyncCommand {
  /** The text of the file, also where it would not pass the checks: it is what is to be mended. */
  protected async configText(): Promise<{
    readonly repository: Repository
    readonly text: string
  }> {
    const repository = await this.repository(await this.machine())
    return { repository, text: (await repository.disk.readText(CONFIG)) ?? '' }
  }
}
