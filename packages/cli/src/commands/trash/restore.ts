import { Args, Flags } from '@oclif/core'
import { LsyncCommand } from '../../base-command.ts'
import { EXIT } from '../../messages/table.ts'
import { escapeName } from '../../render/escape.ts'

export default class TrashRestore extends LsyncCommand {
  static override description =
    'Put a file of the trash back, its latest version unless a run is named.'
  static override args = { path: Args.string({ required: true, description: 'the path it had' }) }
  static override flags = {
    run: Flags.string({ description: 'the run that put it there, as trash list shows it' }),
    to: Flags.string({ description: 'another place for it' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TrashRestore)
    this.inFolder(flags)
    const { DiskError, listTrash, restoreTrash } = await import('@lsync/core')
    const repository = await this.repository(await this.machine())
    const [path = ''] = await this.pathsIn(repository, [args.path])
    const [to = path] = flags.to === undefined ? [] : await this.pathsIn(repository, [flags.to])
    let latest
    for await (const item of listTrash(repository.disk))
      if (item.path === path && (flags.run === undefined || item.run === flags.run)) latest = item
    if (latest === undefined)
      this.error(`${escapeName(path)} is not in the trash; see: lsync trash list`, {
        exit: EXIT.usage,
      })
    try {
      await restoreTrash(repository.disk, latest, to)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists') throw error
      this.error(`${escapeName(to)} is there already: name another place with --to`, {
        exit: EXIT.usage,
      })
    }
    if (!this.json) this.log(`${escapeName(to)} is back, as it was before ${latest.run}.`)
    this.document({ path, to, from: latest.run }, 0)
  }
}
