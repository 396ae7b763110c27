import { LsyncCommand } from '../base-command.ts'
import { pathsArgument } from '../paths.ts'
import { escapeName } from '../render/escape.ts'
import { formatBytes, isoTime } from '../render/format.ts'

export default class Ls extends LsyncCommand {
  static override description =
    'List what the database knows: size, time, who changed it last, digest, path.'
  static override strict = false
  static override args = pathsArgument

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Ls)
    this.enter(flags)
    const { listRows } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const paths = await this.pathsIn(repository, argv)
    const files: unknown[] = []
    const { onEvent } = this.watch()
    const rows = listRows(machine, repository, paths, { signal: this.abort.signal, onEvent })
    for await (const { path, entry } of rows) {
      const { type, size, sha256, executable, author } = entry
      const mtime = entry.local === undefined ? undefined : isoTime(entry.local.mtime)
      if (this.json)
        files.push({
          path,
          type,
          size,
          sha256: sha256 === '' ? null : sha256,
          executable,
          mtime: mtime ?? null,
          author: author ?? null,
        })
      else
        this.say(
          [
            formatBytes(size).padStart(9),
            (mtime?.slice(0, 19) ?? '-').padEnd(19),
            escapeName(author ?? '-').padEnd(16),
            (sha256.slice(0, 12) || '-').padEnd(12),
            escapeName(path),
          ].join('  '),
        )
    }
    await this.end({ files })
  }
}
