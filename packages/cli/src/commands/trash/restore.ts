import * as Args from '@oclif/core/args'
import * as Errors from '@oclif/core/errors'
import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../../base-command.ts'
import { EXIT } from '../../messages/table.ts'
import { escapeName } from '../../render/escape.ts'

export default class TrashRestore extends LsyncCommand {
  static override description =
    'Put a file of the trash back: its latest version, unless a run is named.'
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: 'the path it had' }),
  }
  static override flags = {
    run: Flags.string({ description: 'the run that put it there, as trash list shows it' }),
    to: Flags.string({ description: 'another place for it', helpValue: 'PATH' }),
  }

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TrashRestore)
    this.enter(flags)
    const { DiskError, listTrash, restoreTrash } = await import('@lsync/core')
    const repository = await this.repository(await this.machine())
    const [path = '', to = path] = await this.pathsIn(repository, [
      args.path,
      ...(flags.to === undefined ? [] : [flags.to]),
    ])
    let latest
    for await (const item of listTrash(repository.disk))
      if (item.path === path && (flags.run === undefined || item.run === flags.run)) latest = item
    if (latest === undefined)
      throw new Errors.CLIError(`${path} is not in the trash; see: lsync trash list`, {
        exit: EXIT.usage,
      })
    try {
      await restoreTrash(repository.disk, latest, to)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists') throw error
      throw new Errors.CLIError(`${to} is there already: name another place with --to`, {
        exit: EXIT.usage,
      })
    }
    this.say(`${escapeName(to)} is back, as it was before the run ${latest.run}.`)
    await this.end({ path, to, run: latest.run })
  }
}
