import type { Path } from '../model/entry.ts'
import { isFolderKey } from '../model/path.ts'
import type { SortedStream } from '../model/side.ts'
import type { Joined } from './join.ts'

/**
 * Additions that one plan leaves to later ones, so that memory does not grow with what is new. Of everything else (changes, removals, what may be
 * a move) the first plan holds all: guards, moves and the last copy are judged by the whole.
 */
export interface Left {
  /** Additions that the first plan holds: all others are left. */
  readonly held: ReadonlySet<Path>
}

export interface Bound {
  /** So many additions are held, */
  readonly most: number
  /** and all that are as long, in bytes, as something that is removed: they may be where it went. */
  readonly sizes: ReadonlySet<number>
}

/** Rows that stand above and below each other, as a file and a folder of its name do: they are decided together. */
type Related = readonly Joined[]

/**
 * Passes on what must be decided at once, and some of the additions; of the others `onLeft` hears.
 * @param held learns which additions were passed on
 * @returns rows a little out of order
 */
export async function* firstPortion(
  rows: SortedStream<Joined>,
  { most, sizes }: Bound,
  held: Set<Path>,
  onLeft: (row: Joined) => void,
): SortedStream<Joined> {
  let room = most
  for await (const page of related(rows)) {
    const passed: Joined[] = []
    for (const rowsTogether of page) {
      const isPlain = rowsTogether.every((row) => isAddition(row) && !isAsLong(row, sizes))
      if (isPlain && room < rowsTogether.length && room < most) {
        // None of those behind is held, or a small one would overtake.
        room = 0
        for (const row of rowsTogether) onLeft(row)
        continue
      }
      for (const row of rowsTogether) if (isAddition(row)) held.add(row.path)
      if (isPlain) room -= rowsTogether.length
      for (const row of rowsTogether) passed.push(row)
    }
    if (passed.length > 0) yield passed
  }
}

/** Rows that are to be decided together, and those among them on which something may be done. */
export interface Portion {
  readonly rows: readonly Joined[]
  readonly left: ReadonlySet<Path>
}

/** What the first plan left, and what has come since, in portions of about `most` rows. */
export async function* laterPortions(
  rows: SortedStream<Joined>,
  { held }: Left,
  most: number,
): AsyncGenerator<Portion> {
  let portion: Joined[] = []
  let left = new Set<Path>()
  for await (const page of related(rows))
    for (const rowsTogether of page) {
      const open = rowsTogether.filter((row) => isAddition(row) && !held.has(row.path))
      if (open.length === 0) continue
      for (const { path } of open) left.add(path)
      for (const row of rowsTogether) portion.push(row)
      if (left.size < most) continue
      yield { rows: portion, left }
      portion = []
      left = new Set()
    }
  if (portion.length > 0) yield { rows: portion, left }
}

/** New on one side or on both. No guard and no removal follows from it. */
function isAddition({ base, stale, filled }: Joined): boolean {
  return base === undefined && stale !== true && filled !== 'itself'
}

function isAsLong({ local, remote }: Joined, sizes: Bound['sizes']): boolean {
  return (
    (local.state === 'present' && sizes.has(local.entry.stat.size)) ||
    (remote.state === 'present' && sizes.has(remote.entry.size))
  )
}

/** A row that waits for those below it. */
interface Waiting {
  readonly above: Joined
  readonly rows: Joined[]
}

/** Each row with those below it, if it is one that they matter to. Between the two may stand many others (`a`, `a.b`, `a/c`): they do not wait. */
async function* related(rows: SortedStream<Joined>): SortedStream<Related> {
  let waiting: Waiting[] = []
  for await (const page of rows) {
    const ready: Related[] = []
    for (const row of page) {
      waiting = waiting.filter((one) => {
        if (isAhead(one.above.path, row.path)) return true
        ready.push(one.rows)
        return false
      })
      const above = waiting.find((one) => isBelow(row.path, one.above.path))
      above?.rows.push(row)
      if (above !== undefined && isFolderKey(above.above.path) && isOnlyThere(row)) {
        // It is no empty folder: that is all there is to know.
        waiting = waiting.filter((one) => one !== above)
        ready.push(above.rows)
      } else if (above === undefined && mattersAbove(row)) waiting.push({ above: row, rows: [row] })
      else if (above === undefined) ready.push([row])
    }
    yield ready
  }
  yield waiting.map((one) => one.rows)
}

/** A file cannot be where a folder of its name is; the mark of an empty folder is not sent to where the folder holds something. */
function mattersAbove({ path, local, remote }: Joined): boolean {
  return !isFolderKey(path) || (local.state === 'present' && remote.state === 'absent')
}

function isOnlyThere({ base, local, remote }: Joined): boolean {
  return base === undefined && local.state === 'absent' && remote.state === 'present'
}

function isBelow(path: Path, above: Path): boolean {
  return path.startsWith(isFolderKey(above) ? above : `${above}/`)
}

/** Whether something below `above` may come at `path` or behind it, in the order of the keys: a slash is 0x2F. */
function isAhead(above: Path, path: Path): boolean {
  if (!path.startsWith(above)) return false
  return isFolderKey(above) || path.charCodeAt(above.length) <= 0x2f
}
