import { parseBytes } from '@lsync/core'
import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../../base-command.ts'
import { count, formatBytes, parseAge } from '../../render/format.ts'
import { wrongValue } from '../../messages/usage.ts'

export default class TrashEmpty extends LsyncCommand {
  static override description =
    'Remove for good what the trash holds. By itself it keeps everything for 30 days (trash-days, trash-size).'
  static override flags = {
    'older-than': Flags.string({
      description: 'only what was put there so long ago: 12h, 7d, 2w; a bare number means days',
      helpValue: 'AGE',
    }),
    larger: Flags.string({
      description: 'only files of at least this size: 500K, 100M, 1G',
      helpValue: 'SIZE',
    }),
  }

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { flags } = await this.parse(TrashEmpty)
    this.enter(flags)
    const age = known('older-than', 'an age like 12h, 7d or 2w', flags['older-than'], parseAge)
    const atLeast = known('larger', 'a size like 500K or 100M', flags.larger, parseBytes)
    const { emptyTrash } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    // The names of runs hold whole seconds: what was put there just now goes too.
    const before = machine.world.now() + 1000 - age
    const { files, bytes } = await emptyTrash(
      machine,
      repository,
      { before, atLeast },
      this.abort.signal,
    )
    this.say(`Removed ${count(files, 'file')} (${formatBytes(bytes)}) for good.`)
    await this.end({ removed: files, bytes })
  }
}

/** What a flag says, as a number; 0 where it is not given. */
function known(
  flag: string,
  wanted: string,
  text: string | undefined,
  parse: (text: string) => number | undefined,
): number {
  const value = text === undefined ? 0 : parse(text)
  if (value === undefined) throw wrongValue(flag, wanted, String(text))
  return value
}
