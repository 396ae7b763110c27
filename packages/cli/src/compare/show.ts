import { readMetadata, type Sides } from '@lsync/core'
import { escapeName } from '../render/escape.ts'
import { formatBytes, formatTime } from '../render/format.ts'
import { forTerminal, unifiedDifference } from './difference.ts'
import { page, runTool, type Tools, withFiles, Workshop } from './tools.ts'

/** One of the two texts of a difference, and what its side is called. */
export interface NamedText {
  readonly side: string
  readonly text: string
}

/** Both texts in the person's own tool for differences, or as a unified difference in her pager. */
export async function showDifference(
  tools: Tools,
  path: string,
  from: NamedText,
  local: string,
): Promise<void> {
  if (tools.diff !== undefined) {
    await using workshop = await Workshop.open(path)
    await runTool(withFiles(tools.diff, 'REMOTE', 'LOCAL'), {
      LOCAL: await workshop.put('local', local),
      REMOTE: await workshop.put(from.side, from.text),
    })
    return
  }
  const lines = unifiedDifference(path, from, { side: 'local', text: local })
  if (lines === undefined) {
    process.stdout.write('The two texts differ too much to be compared line by line.\n')
    return
  }
  const coloured = !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  await page(tools, `${forTerminal(lines, coloured).join('\n')}\n`)
}

interface SideFacts {
  readonly size: number
  readonly time?: number
  readonly author?: string | undefined
  readonly sha256?: string | undefined
}

/** What a person wants to know of both sides before she decides, a line each. */
export function sidesLines(
  { local, remote, base }: Pick<Sides, 'local' | 'remote' | 'base'>,
  digests: { readonly local?: string | undefined; readonly remote?: string | undefined } = {},
): readonly string[] {
  const { mtime, author } = readMetadata(remote?.metadata)
  return [
    sideLine(
      'here',
      local && { size: local.stat.size, time: local.stat.mtime, sha256: digests.local },
    ),
    sideLine(
      'remote',
      remote && {
        size: remote.size,
        // That of the file, where the object says it; else when it was stored.
        time: mtime ?? remote.modified,
        author,
        sha256: digests.remote,
      },
    ),
    ...(base === undefined ? [] : [sideLine('before', { size: base.size, author: base.author })]),
  ]
}

function sideLine(name: string, facts: SideFacts | undefined): string {
  if (facts === undefined) return `  ${name.padEnd(6)}  nothing`
  const { size, time, author, sha256 } = facts
  return [
    `  ${name.padEnd(6)}`,
    formatBytes(size).padStart(9),
    ...(time === undefined ? [] : [formatTime(time)]),
    ...(author === undefined ? [] : [`by ${escapeName(author)}`]),
    ...(sha256 === undefined ? [] : [`sha256 ${sha256}`]),
  ].join('  ')
}
