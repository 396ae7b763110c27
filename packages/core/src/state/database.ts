import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import type { Disk } from '../disk/disk.ts'
import { LsyncError } from '../model/errors.ts'
import type { BaseEntry, Row } from '../model/entry.ts'
import type { SortedStream } from '../model/side.ts'
import { compareKeys } from '../provider/index.ts'
import { DATABASE } from './layout.ts'
import { readLines, readStretches, type Stretch } from './lines.ts'
import { readEntry, writeLine } from './row.ts'

/** The format of the database and of the journal. A newer one is refused. */
export const FORMAT = 1

export interface DatabaseHeader {
  readonly id: string
  readonly rows: number
}

/** What is wrong with a database that cannot be read as written; the message says where. */
export class Damaged extends Error {
  override readonly name = 'Damaged'
}

/** A row as it stands in the file, with its line end: an untouched one is copied, and keeps what a newer client added to it. */
export interface Line {
  readonly path: string
  readonly line: string
}

export function lineOf(row: Row): Line {
  return { path: row.path, line: writeLine(row) }
}

const HEADER_LINES = 5
/** So many rows are in memory at once, parsed: few enough that they are gone before the memory behind them is tidied. */
const PAGE = 64

/** Header, entries, a line that proves that nothing was cut off, and one that proves that nothing was changed. */
export async function* writeDatabase(
  id: string,
  rows: number,
  stream: SortedStream<Line>,
): AsyncGenerator<string> {
  const sha256 = createHash('sha256')
  for await (const text of databaseText(id, rows, stream)) {
    sha256.update(text)
    yield text
  }
  yield `sha256: ${sha256.digest('hex')}\n`
}

/** Of the last line, with its line end. */
const SEAL_LENGTH = 'sha256: '.length + 64 + 1

/**
 * True if the file is, byte for byte, what lsync wrote: then no row needs to be looked at to know that all of them can be read.
 * False also for one that a person edited, which may be right all the same.
 */
export async function isSealed(disk: Disk): Promise<boolean> {
  await using file = await disk.open(DATABASE)
  const { size } = await file.stat()
  const to = size - SEAL_LENGTH
  if (to <= 0) return false
  const { signal } = new AbortController()
  const sha256 = createHash('sha256')
  for await (const chunk of file.read({ to, reuse: true }, signal)) sha256.update(chunk)
  let seal = ''
  for await (const chunk of file.read({ from: to }, signal)) seal += Buffer.from(chunk).toString()
  return seal === `sha256: ${sha256.digest('hex')}\n`
}

async function* databaseText(
  id: string,
  rows: number,
  stream: SortedStream<Line>,
): AsyncGenerator<string> {
  yield `# What this folder and its remote agreed on last. Written by lsync; deleting it costs work, never data.
format: ${FORMAT}
id: ${id}
rows: ${rows}
entries:${rows === 0 ? ' {}' : ''}
`
  for await (const page of stream) yield page.map(({ line }) => line).join('')
  yield `end: ${rows}\n`
}

/** The header of a canonical database; undefined if there is no database. `Damaged` where it is not canonical. */
export async function readHeader(disk: Disk): Promise<DatabaseHeader | undefined> {
  if ((await disk.stat(DATABASE)) === undefined) return undefined
  const lines: string[] = []
  for await (const page of readLines(disk, DATABASE)) {
    lines.push(...page.lines)
    if (lines.length >= HEADER_LINES) break
  }
  const format = numberOf(lines[1], 'format')
  if (format !== undefined && format > FORMAT) refuseNewer(format)
  const id = /^id: ([0-9a-z-]+)$/.exec(lines[2] ?? '')?.[1]
  const rows = numberOf(lines[3], 'rows')
  if (
    format === undefined ||
    id === undefined ||
    rows === undefined ||
    !lines[4]?.startsWith('entries:')
  )
    throw new Damaged('its head is not as lsync writes it')
  return { id, rows }
}

export function refuseNewer(format: number): never {
  throw new LsyncError('newer-format', `the database has format ${format}`, {
    what: 'the database in .lsync',
    format,
    known: FORMAT,
  })
}

function numberOf(line: string | undefined, key: string): number | undefined {
  const match = /^(\w+): (\d+)$/.exec(line ?? '')
  return match?.[1] === key ? Number(match[2]) : undefined
}

/** Longer than nearly all lines: where one is longer, two stretches stay together. */
const LONG_LINE = 4096

/** Paths, ascending, that cut the file into so many pieces of about the same length. Found by place: no more than a line of each is read. */
export async function cutPaths(disk: Disk, pieces: number): Promise<readonly string[]> {
  await using file = await disk.open(DATABASE)
  const { size } = await file.stat()
  const paths: string[] = []
  for (let piece = 1; piece < pieces; piece++) {
    const from = Math.floor((size * piece) / pieces)
    let text = ''
    for await (const chunk of file.read(
      { from, to: from + 2 * LONG_LINE },
      new AbortController().signal,
    ))
      text += Buffer.from(chunk).toString()
    const start = text.indexOf('\n  "') + 1
    const end = text.indexOf('\n', start)
    if (start === 0 || end < 0) continue
    const path = pathOf(text, start, end, 0)
    const last = paths.at(-1)
    if (last === undefined || compareKeys(last, path) < 0) paths.push(path)
  }
  return paths
}

/** Streams the rows by the line. Lines of other paths are not parsed beyond their key. `Damaged` at the first line that is not as written. */
export function readRows(
  disk: Disk,
  isWanted = (_path: string): boolean => true,
): SortedStream<Row> {
  return readEntries(disk, isWanted, (path, line) => ({ path, entry: entryOf(path, line) }))
}

/** The same, each line as it stands there. */
export function readRawLines(disk: Disk): SortedStream<Line> {
  const isWanted = (): boolean => true
  return readEntries(disk, isWanted, (path, line) => ({ path, line }))
}

async function* readEntries<T>(
  disk: Disk,
  isWanted: (path: string) => boolean,
  make: (path: string, line: string) => T,
): SortedStream<T> {
  let lineNumber = 0
  let last: string | undefined
  let rows = 0
  let declared: number | undefined
  let ended = false
  let sealed = false
  let page: T[] = []
  for await (const { text, torn } of wholeLines(disk)) {
    if (torn) throw new Damaged('a line has no end')
    for (let start = 0, next = 0; start < text.length; start = next) {
      next = text.indexOf('\n', start) + 1
      lineNumber++
      if (lineNumber > HEADER_LINES && !ended && text.startsWith(ENTRY, start)) {
        rows++
        const path = pathOf(text, start, next, lineNumber)
        if (last !== undefined && compareKeys(last, path) >= 0)
          throw new Damaged(`line ${lineNumber} is out of order`)
        last = path
        if (!isWanted(path)) continue
        page.push(make(path, text.slice(start, next)))
        if (page.length >= PAGE) {
          yield page
          page = []
        }
        continue
      }
      const line = text.slice(start, next - 1)
      if (lineNumber <= HEADER_LINES) declared ??= numberOf(line, 'rows')
      else if (ended && !sealed && /^sha256: [0-9a-f]{64}$/.test(line)) sealed = true
      else if (ended) throw new Damaged(`line ${lineNumber} stands behind the end`)
      else if (line.startsWith('end: ')) {
        ended = true
        if (numberOf(line, 'end') !== rows || declared !== rows)
          throw new Damaged('rows are missing')
      } else throw notAnEntry(lineNumber)
    }
  }
  if (!ended) throw new Damaged('its end is missing')
  if (page.length > 0) yield page
}

async function* wholeLines(disk: Disk): AsyncGenerator<Stretch> {
  try {
    yield* readStretches(disk, DATABASE, { strict: true })
  } catch (error) {
    // A path with a byte broken would be another path.
    if (error instanceof TypeError) throw new Damaged('it is not UTF-8')
    throw error
  }
}

/** How a row begins: its path, quoted, follows two spaces. */
const ENTRY = '  "'
const COLON = '": '

/** Without escapes, and without what JSON takes only as an escape (zeroes are what a power cut leaves). */
// oxlint-disable-next-line no-control-regex -- those are meant
const PLAIN = /^[^\\\u0000-\u001f]*$/

/** The key of the line that begins at `start` and ends before `end`: up to the closing quote, parsed only where it holds an escape. */
function pathOf(text: string, start: number, end: number, lineNumber: number): string {
  const from = start + ENTRY.length
  for (
    let quote = text.indexOf('"', from);
    quote > 0 && quote < end;
    quote = text.indexOf('"', quote + 1)
  ) {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 1) continue
    const raw = text.slice(from, quote)
    return PLAIN.test(raw) ? raw : String(parseJson(`"${raw}"`, lineNumber))
  }
  throw notAnEntry(lineNumber)
}

function notAnEntry(lineNumber: number): Damaged {
  return new Damaged(`line ${lineNumber} is no entry`)
}

function entryOf(path: string, line: string): BaseEntry {
  const entry = readEntry(valueOf(path, line))
  if (entry === undefined) throw new Damaged(`the row of ${JSON.stringify(path)} is no entry`)
  return entry
}

/** Without the key, which the parser would keep, as it does all names of properties, in a table of the whole process. */
function valueOf(path: string, line: string): unknown {
  const quote = ENTRY.length + path.length
  if (line.startsWith(path, ENTRY.length) && line.startsWith(COLON, quote))
    return parseJson(line.slice(quote + COLON.length), path)
  const values = Object.values(parseJson(`{${line}}`, path) ?? {})
  return values.length === 1 ? values[0] : undefined
}

function parseJson(text: string, where: number | string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Damaged(
      `${typeof where === 'number' ? `line ${where}` : `the row of ${JSON.stringify(where)}`} cannot be read`,
    )
  }
}

/**
 * A database that a person edited or re-ordered, read whole by the YAML library. Undefined if it is no database any more.
 * Rows that do not make sense are left out: a missing row costs a comparison, a wrong one could cost data.
 */
export function readByHand(
  text: string,
): { readonly id: string; readonly rows: readonly Row[] } | undefined {
  let value: Record<string, unknown> | null
  try {
    value = parse(text, { uniqueKeys: false })
  } catch {
    return undefined
  }
  const { format, id, entries, rows, end } = value ?? {}
  if (typeof format !== 'number' || typeof id !== 'string') return undefined
  if (format > FORMAT) refuseNewer(format)
  // Cut off rather than edited: what is there would be true, but half a line may read as a whole one.
  if (typeof end !== 'number' || typeof rows !== 'number') return undefined
  const read = Object.entries(entries ?? {}).flatMap(([path, written]) => {
    const entry = readEntry(written)
    return entry === undefined ? [] : [{ path, entry }]
  })
  return { id, rows: read.toSorted((a, b) => compareKeys(a.path, b.path)) }
}
