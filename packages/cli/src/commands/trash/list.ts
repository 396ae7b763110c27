import { LsyncCommand } from '../../base-command.ts'
import { escapeName } from '../../render/escape.ts'
import { formatBytes } from '../../render/format.ts'

export default class TrashList extends LsyncCommand {
  static override description = 'List what syncs replaced or removed here.'

  async run(): Promise<void> {
    const { flags } = await this.parse(TrashList)
    this.inFolder(flags)
    const { listTrash } = await import('@lsync/core')
    const { disk } = await this.repository(await this.machine())
    const items = []
    for await (const item of listTrash(disk)) {
      if (this.json) items.push(item)
      else this.log(`${item.run}  ${formatBytes(item.size).padStart(9)}  ${escapeName(item.path)}`)
    }
    this.document({ items }, 0)
  }
}
