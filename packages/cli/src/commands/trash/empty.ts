import * as Flags from '@oclif/core/flags'
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

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { flags } = await this.parse(TrashEmpty)
    this.enter(flags)
    const { emptyTrash } = await import('@lsync/core')
    const machine = await this.machine()
    const { disk } = await this.repository(machine)
    // The names of runs hold whole seconds: what was put there just now goes too.
    const before = machine.world.now() + 1000 - flags['older-than'] * DAY
    const removed = await emptyTrash(disk, before)
    this.say(`Removed ${count(removed, 'file')} for good.`)
    await this.end({ removed })
  }
}
