import { parse, stringify } from 'yaml'
import type { Disk } from '../disk/disk.ts'
import { formerIds } from '../model/former-ids.ts'
import type { ProbeReport } from '../provider/index.ts'
import { REMOTE_REPORT } from './layout.ts'

const REPORT_FORMAT = 1

/** What was seen of a remote when it was met or probed. */
export interface RemoteSeen {
  readonly remote: string
  readonly date: number
  readonly report?: ProbeReport | undefined
  /** Who it says that it is, and which places it was filled from. */
  readonly identity?: { readonly id: string; readonly was: readonly string[] } | undefined
}

/** What stands in the file, as far as a person left it so. */
interface Written {
  readonly format?: unknown
  readonly remote?: unknown
  readonly report?: ProbeReport
  readonly repository?: { readonly id?: unknown; readonly was?: unknown }
}

/** What the last probe found; undefined if there was none for this remote, or it cannot be read: then the provider assumes the least. */
export async function readRemoteReport(
  disk: Disk,
  remote: string,
): Promise<ProbeReport | undefined> {
  const seen = await readSeen(disk)
  if (seen?.remote !== remote) return undefined
  const { report } = seen
  return typeof report?.guarantees === 'object' && Array.isArray(report.findings)
    ? report
    : undefined
}

/** Which places the remote with this identity was filled from, as far as it was seen. An identity that was written once never changes. */
export async function readFormerIds(disk: Disk, id: string): Promise<readonly string[]> {
  const seen = await readSeen(disk)
  return seen?.repository?.id === id ? formerIds(seen.repository.was) : []
}

async function readSeen(disk: Disk): Promise<Written | undefined> {
  try {
    const value: Written | null = parse((await disk.readText(REMOTE_REPORT)) ?? '')
    return value?.format === REPORT_FORMAT ? value : undefined
  } catch {
    return undefined
  }
}

/** Nothing is written where there is nothing to remember. */
export async function writeRemoteReport(
  disk: Disk,
  { remote, date, report, identity }: RemoteSeen,
): Promise<void> {
  const filled = identity !== undefined && identity.was.length > 0
  if (report === undefined && !filled) return
  const text = stringify({
    format: REPORT_FORMAT,
    date: new Date(date).toISOString(),
    remote,
    ...(filled ? { repository: { id: identity.id, was: identity.was } } : {}),
    ...(report === undefined ? {} : { report }),
  })
  await disk.replaceText(
    REMOTE_REPORT,
    `# What lsync found out about the remote. Written by init and doctor; deleting it makes lsync assume the least.\n${text}`,
  )
}
