import type { TrashItem } from '@lsync/core'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../../base-command.ts'
import { escapeName } from '../../render/escape.ts'
import { wrongUsage } from '../../messages/usage.ts'

export default class TrashRestore extends LsyncCommand {
  static override description =
    'Put a file of the trash back, or a folder with all that was in it: the latest version of each, unless a run is named. Nothing is overwritten: where something is in its place, a file comes back beside it as "name (restored)".'
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
    const { listTrash, restoreTrash } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const [path = '', to = path] = await this.pathsIn(repository, [
      args.path,
      ...(flags.to === undefined ? [] : [flags.to]),
    ])
    const kept: TrashItem[] = []
    for await (const item of listTrash(repository.disk))
      if (flags.run === undefined || item.run === flags.run) kept.push(item)
    const items = latestOf(kept, path)
    if (items.length === 0)
      throw wrongUsage(`${args.path} is not in the trash; see: lsync trash list`)
    const restored = []
    for (const item of items) {
      const wanted = placeFor(item.path, path, to)
      const place = await restoreTrash(machine, repository, item, wanted, this.abort.signal)
      restored.push({ path: item.path, to: place, run: item.run })
      this.say(`${escapeName(place)} is back, as it was before the run ${item.run}.`)
    }
    await this.end({ ...(items.length === 1 ? restored[0] : { path, to }), restored })
  }
}

/** The file of that path, or all files below it: of each the version that went last. Items come oldest first. */
function latestOf(items: readonly TrashItem[], path: string): readonly TrashItem[] {
  const below = path === '' ? '' : `${path}/`
  const latest = new Map<string, TrashItem>()
  for (const item of items)
    if (item.path === path || item.path.startsWith(below)) latest.set(item.path, item)
  const file = latest.get(path)
  return file === undefined ? [...latest.values()] : [file]
}

function placeFor(item: string, path: string, to: string): string {
  if (item === path) return to
  const rest = path === '' ? item : item.slice(path.length + 1)
  return to === '' ? rest : `${to}/${rest}`
}
