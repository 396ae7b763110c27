import { parse, stringify } from 'yaml'
import type { Disk } from '../disk/disk.ts'
import type { ProbeReport } from '../provider/index.ts'
import { REMOTE_REPORT } from './layout.ts'

const REPORT_FORMAT = 1

/** What stands in the file, as far as a person left it so. */
interface Written {
  readonly format?: unknown
  readonly remote?: unknown
  readonly report?: ProbeReport
}

/** What the last probe found; undefined if there was none for this remote, or it cannot be read: then the provider assumes the least. */
export async function readRemoteReport(
  disk: Disk,
  remote: string,
): Promise<ProbeReport | undefined> {
  try {
    const value: Written | null = parse((await disk.readText(REMOTE_REPORT)) ?? '')
    if (value?.format !== REPORT_FORMAT || value.remote !== remote) return undefined
    const { report } = value
    return typeof report?.guarantees === 'object' && Array.isArray(report.findings)
      ? report
      : undefined
  } catch {
    return undefined
  }
}

export async function writeRemoteReport(
  disk: Disk,
  remote: string,
  date: number,
  report: ProbeReport,
): Promise<void> {
  const text = stringify({
    format: REPORT_FORMAT,
    date: new Date(date).toISOString(),
    remote,
    report,
  })
  await disk.replaceText(
    REMOTE_REPORT,
    `# What lsync found out about the remote. Written by init and doctor; deleting it makes lsync assume the least.\n${text}`,
  )
}
