import type { Row } from '../model/entry.ts'
import type { World } from '../disk/world.ts'
import type { Disk } from '../disk/disk.ts'
import { pageOf } from '../model/side.ts'
import {
  Damaged,
  isSealed,
  type Line,
  readByHand,
  readHeader,
  readRawLines,
  readRows,
} from './database.ts'
import { DATABASE } from './layout.ts'
import type { Overlay } from './overlay.ts'

export interface Database {
  /** Undefined where there is none to believe. */
  readonly id: string | undefined
  readonly rows: number
  /** How many rows the journal speaks of too. */
  readonly covered: number
  /** Rows of a database that a person edited, until it is written anew. */
  readonly byHand?: readonly Row[]
  /** Where a damaged one is to go. */
  readonly aside?: string
  readonly notices: readonly string[]
}

/** Bytes of the largest that is read by the YAML library, which takes 45 times as much memory and a second for 4 MB; some 25,000 rows. */
const LARGEST_BY_HAND = 8 * 1024 * 1024

/** What there is to believe of the database; changes nothing on the disk. LsyncError `newer-format` for one of a newer format. */
export async function openDatabase(disk: Disk, world: World, journal: Overlay): Promise<Database> {
  try {
    const header = await readHeader(disk)
    if (header === undefined) return { id: undefined, rows: 0, covered: 0, notices: [] }
    let covered = 0
    // Damage is found before anything is decided by half of the rows: by the seal, or by a look at each.
    const pages = (await isSealed(disk))
      ? journal.size > 0
        ? readRawLines(disk)
        : pageOf<Line>([])
      : readRows(disk)
    for await (const page of pages)
      if (journal.size > 0) covered += page.filter(({ path }) => journal.has(path)).length
    return { ...header, covered, notices: [] }
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    const byHand = await byHandOf(disk)
    if (byHand !== undefined) {
      const { id, rows } = byHand
      const covered = rows.filter(({ path }) => journal.has(path)).length
      return { id, rows: rows.length, covered, byHand: rows, notices: [] }
    }
    const aside = `${DATABASE}.damaged-${world.token().slice(0, 8)}`
    const notice = `the database is damaged (${error.message}); it is kept as ${aside} once something is written, and all files are compared by content again`
    return { id: undefined, rows: 0, covered: 0, aside, notices: [notice] }
  }
}

/** Undefined where no person can have edited it. */
async function byHandOf(disk: Disk): Promise<ReturnType<typeof readByHand>> {
  const size = (await disk.stat(DATABASE))?.size ?? 0
  return size > LARGEST_BY_HAND ? undefined : readByHand((await disk.readText(DATABASE)) ?? '')
}

export function sizeOver({ rows, covered }: Database, journal: Overlay): number {
  let live = 0
  for (const entry of journal.values()) if (entry !== undefined) live++
  return rows - covered + live
}
