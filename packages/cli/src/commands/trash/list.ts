import { LsyncCommand } from '../../base-command.ts'
import { escapeName } from '../../render/escape.ts'
import { formatBytes, isoTime } from '../../render/format.ts'

export default class TrashList extends LsyncCommand {
  static override description =
    'List what syncs replaced or removed here: the run, the size, the path.'

  async run(): Promise<void> {
    const { flags } = await this.parse(TrashList)
    this.enter(flags)
    const { listTrash } = await import('@lsync/core')
    const { disk } = await this.repository(await this.machine())
    const items = []
    for await (const { run, path, size, modified } of listTrash(disk))
      if (this.json) items.push({ run, path, size, modified: isoTime(modified) })
      else this.say(`${run}  ${formatBytes(size).padStart(9)}  ${escapeName(path)}`)
    await this.end({ items })
  }
}
