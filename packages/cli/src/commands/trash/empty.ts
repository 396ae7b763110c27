import { Flags } from '@oclif/core'
import { LsyncCommand } from '../../base-command.ts'
import { count } from '../../render/format.ts'

const DAY = 24 * 60 * 60 * 1000

export default class TrashEmpty extends LsyncCommand {
  static override description = 'Remove for good what the trash holds.'
  static override flags = {
    'older-than': Flags.integer({
      min: 0,
      default: 0,
      description: 'only what was put there so many days ago',
      helpValue: 'DAYS',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(TrashEmpty)
    this.inFolder(flags)
    const { emptyTrash } = await import('@lsync/core')
    const { disk } = await this.repository(await this.machine())
    const removed = await emptyTrash(disk, Date.now() + 1000 - flags['older-than'] * DAY)
    if (!this.json) this.log(`Removed ${count(removed, 'file')} for good.`)
    this.document({ removed }, 0)
  }
}
