import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../base-command.ts'
import { sidesFacts } from '../facts.ts'
import { escapeName } from '../render/escape.ts'
import { wrongUsage } from '../messages/usage.ts'

export default class Diff extends LsyncCommand {
  static override description =
    'Show the difference between a file on the remote and here: by line for text, size and digest for the rest.'
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: 'the file' }),
  }
  static override flags = {
    base: Flags.boolean({
      default: false,
      description:
        'against what both sides last agreed on, where the remote keeps versions: what changed here',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Diff)
    this.enter(flags)
    const { openSides } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const [path = ''] = await this.pathsIn(repository, [args.path])
    const noFile = (): Error =>
      wrongUsage(`${args.path} is no file, neither here nor on the remote`)
    // The repository itself, which no remote can be asked for.
    if (path === '') throw noFile()
    const renderer = this.watch()
    await using sides = await openSides(machine, repository, path, {
      signal: this.abort.signal,
      onEvent: renderer.onEvent,
    })
    if (sides.local === undefined && sides.remote === undefined) throw noFile()
    const { baseContent, localContent, remoteContent } = await import('../compare/contents.ts')
    const local = await localContent(sides)
    const other = await (flags.base ? baseContent(sides) : remoteContent(sides, local?.size))
    if (flags.base && other === undefined)
      throw wrongUsage(
        `The remote has not kept what both sides last agreed on for ${args.path}: it keeps no versions, or not that one`,
      )
    const side = flags.base ? 'base' : 'remote'
    const equal = local?.sha256 !== undefined && local.sha256 === other?.sha256
    // A side that holds nothing is compared like an empty text.
    const from = other === undefined ? '' : other.text
    const to = local === undefined ? '' : local.text
    const { unifiedDifference } = await import('../compare/difference.ts')
    const { showDifference, sidesLines } = await import('../compare/show.ts')
    const { toolsOf } = await import('../compare/tools.ts')
    const lines =
      from === undefined || to === undefined
        ? undefined
        : unifiedDifference(path, { side, text: from }, { side: 'local', text: to })
    renderer.stop()
    if (equal) this.say(`${escapeName(path)} is the same on both sides.`)
    else if (lines === undefined || from === undefined || to === undefined)
      this.say([
        `${escapeName(path)} differs, and is no text, or too long to be compared by line.`,
        ...sidesLines(sides, {
          local: local?.sha256,
          ...(flags.base ? {} : { remote: other?.sha256 }),
        }),
      ])
    else if (!this.json && process.stdout.isTTY)
      await showDifference(toolsOf(machine), path, { side, text: from }, to)
    // For another program: as it is, so that it can be applied.
    else this.say(lines)
    await this.end({
      path,
      against: side,
      equal,
      ...sidesFacts(sides),
      digests: { local: local?.sha256 ?? null, other: other?.sha256 ?? null },
      diff: lines === undefined ? null : lines.map((line) => `${line}\n`).join(''),
    })
  }
}
