import type { Disk } from '../disk/disk.ts'
import type { BaseEntry } from '../model/entry.ts'
import { FORMAT, refuseNewer } from './database.ts'
import { itemLine, jsonLine, readItem } from './json-line.ts'
import { JOURNAL } from './layout.ts'
import { readLines } from './lines.ts'
import { readEntry, writeEntry } from './row.ts'
import type { Intent, Outcome } from './state.ts'

/** The journal's first line: which database it lies over. */
export function journalHead(database: string): string {
  return itemLine({ format: FORMAT, database })
}

export function outcomeLine({ path, entry }: Outcome): string {
  const quoted = jsonLine(path)
  return entry === undefined
    ? `- {"path":${quoted},"drop":true}\n`
    : `- {"path":${quoted},"entry":${writeEntry(entry)}}\n`
}

export function intentLine(intent: Intent): string {
  return itemLine({ intent })
}

export interface JournalContent {
  /** The database it was written over; undefined if there is no journal. */
  readonly database: string | undefined
  /** Undefined stands for a dropped row. */
  readonly rows: Map<string, BaseEntry | undefined>
  readonly intents: Map<string, Intent>
  /** Its end is not a whole line: the next append must not glue onto it. */
  readonly torn: boolean
  readonly notices: readonly string[]
}

/** Reads what is whole. A torn or damaged line ends it: what stands behind is dropped, so the base lags, but never leads. */
export async function readJournal(disk: Disk): Promise<JournalContent> {
  const rows = new Map<string, BaseEntry | undefined>()
  const intents = new Map<string, Intent>()
  const notices: string[] = []
  let database: string | undefined
  let damaged = false
  if ((await disk.stat(JOURNAL)) === undefined)
    return { database, rows, intents, torn: false, notices }
  let lineNumber = 0
  for await (const { lines, torn } of readLines(disk, JOURNAL)) {
    for (const line of lines) {
      lineNumber++
      if (damaged) continue
      const value = torn ? undefined : readItem(line)
      if (value === undefined || (lineNumber === 1) !== 'database' in value) {
        damaged = true
        notices.push(
          `the journal breaks off at line ${lineNumber}; what stood behind is compared again`,
        )
      } else if (lineNumber === 1) {
        if (Number(value['format']) > FORMAT) refuseNewer(Number(value['format']))
        database = String(value['database'])
      } else if (!apply(value, rows, intents)) {
        damaged = true
        notices.push(
          `the journal is damaged at line ${lineNumber}; what stood behind is compared again`,
        )
      }
    }
  }
  return { database, rows, intents, torn: damaged, notices }
}

function isIntent(value: unknown): value is Intent {
  if (typeof value !== 'object' || value === null) return false
  const { path, trash } = value as Partial<Record<string, unknown>>
  return typeof path === 'string' && typeof trash === 'string'
}

function apply(
  value: Partial<Record<string, unknown>>,
  rows: Map<string, BaseEntry | undefined>,
  intents: Map<string, Intent>,
): boolean {
  const { path, entry, drop, intent } = value
  if (isIntent(intent)) {
    intents.set(intent.path, intent)
    return true
  }
  if (typeof path !== 'string') return false
  const read = drop === true ? undefined : readEntry(entry)
  if (read === undefined && drop !== true) return false
  rows.set(path, read)
  intents.delete(path)
  return true
}
