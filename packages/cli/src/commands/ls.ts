import { Args } from '@oclif/core'
import { LsyncCommand } from '../base-command.ts'
import { escapeName } from '../render/escape.ts'
import { formatBytes } from '../render/format.ts'

export default class Ls extends LsyncCommand {
  static override description =
    'List what the database knows: size, time, who changed it last, digest, path.'
  static override strict = false
  static override args = {
    paths: Args.string({ description: 'files or folders; none = the whole repository' }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Ls)
    this.inFolder(flags)
    const { listRows } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const files: unknown[] = []
    for await (const { path, entry } of listRows(
      machine,
      repository,
      await this.pathsIn(repository, argv as string[]),
      this.abort.signal,
    )) {
      const time = entry.local === undefined ? undefined : new Date(entry.local.mtime).toISOString()
      if (this.json)
        files.push({
          path,
          type: entry.type,
          size: entry.size,
          sha256: entry.sha256,
          executable: entry.executable,
          mtime: time ?? null,
          author: entry.author ?? null,
        })
      else
        this.log(
          [
            formatBytes(entry.size).padStart(9),
            (time ?? '-').slice(0, 19).padEnd(19),
            escapeName(entry.author ?? '-').padEnd(16),
            entry.sha256.slice(0, 12).padEnd(12),
            escapeName(path),
          ].join('  '),
        )
    }
    this.document({ files }, 0)
  }
}
