import type { World } from '../disk/world.ts'
import type { Disk } from '../disk/disk.ts'
import type { BaseEntry, Row } from '../model/entry.ts'
import { isWithin } from '../model/path.ts'
import { pageOf, type SortedStream } from '../model/side.ts'
import { cutPaths, type Line, lineOf, readRawLines, readRows, writeDatabase } from './database.ts'
import { intentLine, journalHead, outcomeLine, readJournal } from './journal.ts'
import { DATABASE, JOURNAL } from './layout.ts'
import { openDatabase, sizeOver } from './open-database.ts'
import { overlaid, sortOverlay } from './overlay.ts'
import type { Intent, Outcome, State } from './state.ts'

/** The id that a journal names while there is no database yet. */
const NO_DATABASE = 'none'
/** Below so many journal rows a compaction is not worth its write. */
const FEW_ROWS = 1000
/** So many journal rows (about 600 bytes each) may be held while more come; of a large database up to a quarter, or it would be written too often. */
const HEAVY_ROWS = 16_000

/**
 * Opens the base; changes nothing on the disk. A damaged database reads as none, and is set aside by the first write: every path is
 * then compared by content again, which costs work but asks nothing and loses nothing. A newer format is refused (LsyncError `newer-format`).
 *
 * @param heavy so many journal rows fill memory
 */
export async function openState(
  disk: Disk,
  world: World,
  heavy: number = HEAVY_ROWS,
): Promise<State> {
  const journal = await readJournal(disk)
  const database = await openDatabase(disk, world, journal.rows)
  const notices = [...database.notices, ...journal.notices]
  const id = database.id ?? NO_DATABASE
  // A journal over another database was folded into this one already, or its database is gone: its rows are not believed either way.
  const ours = journal.database === id
  if (
    !ours &&
    journal.database !== undefined &&
    database.id === undefined &&
    database.aside === undefined
  )
    notices.push('the database is gone; all files are compared by content again')
  return new OpenState(disk, world, {
    id,
    databaseRows: database.rows,
    size: ours ? sizeOver(database, journal.rows) : database.rows,
    overlay: ours ? journal.rows : new Map(),
    intents: journal.intents,
    notices,
    appendable: ours && !journal.torn,
    aside: database.aside,
    byHand: database.byHand,
    heavy,
  })
}

interface Opened {
  readonly id: string
  readonly databaseRows: number
  readonly size: number
  readonly overlay: Map<string, BaseEntry | undefined>
  readonly intents: Map<string, Intent>
  readonly notices: readonly string[]
  /** The journal on disk is ours and whole: it can be appended to. */
  readonly appendable: boolean
  readonly aside: string | undefined
  readonly byHand: readonly Row[] | undefined
  readonly heavy: number
}

class OpenState implements State {
  readonly #disk: Disk
  readonly #world: World
  readonly #intents: Map<string, Intent>
  readonly notices: readonly string[]
  readonly journalPath = JOURNAL
  #overlay: Map<string, BaseEntry | undefined>
  #id: string
  #databaseRows: number
  #size: number
  /** False once the size rests on a guess. */
  #counted = true
  #appendable: boolean
  #aside: string | undefined
  #byHand: readonly Row[] | undefined
  readonly #heavy: number
  /** Writes one after the other: two appends could interleave, and a compaction would lose what is appended meanwhile. */
  #writing: Promise<void> = Promise.resolve()

  constructor(disk: Disk, world: World, opened: Opened) {
    this.#disk = disk
    this.#world = world
    this.#id = opened.id
    this.#databaseRows = opened.databaseRows
    this.#size = opened.size
    this.#overlay = opened.overlay
    this.#intents = opened.intents
    this.notices = opened.notices
    this.#appendable = opened.appendable
    this.#aside = opened.aside
    this.#byHand = opened.byHand
    this.#heavy = opened.heavy
  }

  get size(): number {
    return this.#counted ? this.#size : Math.max(this.#size, 1)
  }

  get openIntents(): readonly Intent[] {
    return [...this.#intents.values()]
  }

  rows(within: readonly string[] = []): SortedStream<Row> {
    const overlay = sortOverlay(this.#overlay, within)
    const database = this.#database((path) => isWithin(path, within))
    return overlaid(database, overlay, (row) => row)
  }

  #database(isWanted: (path: string) => boolean): SortedStream<Row> {
    if (this.#byHand !== undefined) return pageOf(this.#byHand.filter(({ path }) => isWanted(path)))
    return this.#id === NO_DATABASE ? pageOf([]) : readRows(this.#disk, isWanted)
  }

  async get(path: string): Promise<Row | undefined> {
    if (this.#overlay.has(path)) {
      const entry = this.#overlay.get(path)
      return entry === undefined ? undefined : { path, entry }
    }
    for await (const rows of this.rows([path])) {
      const found = rows.find((row) => row.path === path)
      if (found !== undefined) return found
    }
    return undefined
  }

  async entriesOf(
    paths: Iterable<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, BaseEntry>> {
    const found = new Map<string, BaseEntry>()
    const sought = new Set<string>()
    for (const path of paths) {
      const entry = this.#overlay.get(path)
      if (entry !== undefined) found.set(path, entry)
      else if (!this.#overlay.has(path)) sought.add(path)
    }
    if (sought.size === 0) return found
    const isSought = (path: string): boolean => {
      signal.throwIfAborted()
      return sought.has(path)
    }
    for await (const page of this.#database(isSought))
      for (const { path, entry } of page) found.set(path, entry)
    return found
  }

  /** Those of the database: what the journal adds is a tenth of it at most. */
  async cuts(most: number, shortest: number): Promise<readonly string[]> {
    const stretches = Math.min(most, Math.floor(this.#databaseRows / shortest))
    return stretches < 2 || this.#byHand !== undefined ? [] : cutPaths(this.#disk, stretches)
  }

  intend(intents: readonly Intent[]): Promise<void> {
    return this.#exclusively(async () => {
      await this.#append(intents.map(intentLine).join(''))
      for (const intent of intents) this.#intents.set(intent.path, intent)
    })
  }

  record(outcomes: readonly Outcome[]): Promise<void> {
    return this.#exclusively(async () => {
      await this.#append(outcomes.map(outcomeLine).join(''))
      for (const { path, entry } of outcomes) {
        this.#count(path, entry)
        this.#overlay.set(path, entry)
        this.#intents.delete(path)
      }
    })
  }

  /** Whether the database has a row is not looked up: a row that is recorded is taken to replace one, a dropped one to have been there. */
  #count(path: string, entry: BaseEntry | undefined): void {
    const unknown = !this.#overlay.has(path) && this.#databaseRows > 0
    if (unknown) this.#counted = false
    const before = unknown || this.#overlay.get(path) !== undefined
    this.#size += Number(entry !== undefined) - Number(before)
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(work)
    this.#writing = done.catch(() => undefined)
    return done
  }

  async #append(text: string): Promise<void> {
    if (text === '') return
    await this.#settle()
    if (!this.#appendable) await this.#rewriteJournal()
    // Until it has succeeded, the journal may end in half a line, onto which nothing may be glued.
    this.#appendable = false
    await this.#disk.appendText(JOURNAL, text)
    this.#appendable = true
  }

  /** Puts the files as they are believed to be: what opening found and left alone. */
  async #settle(): Promise<void> {
    if (this.#aside !== undefined) {
      await this.#disk.rename(DATABASE, this.#aside, { overwrite: false })
      this.#aside = undefined
    }
    if (this.#byHand !== undefined) {
      // Under the same id, so that the journal over it stays valid.
      const lines = this.#byHand.map(lineOf)
      await this.#disk.replaceText(DATABASE, writeDatabase(this.#id, lines.length, pageOf(lines)))
      this.#byHand = undefined
    }
  }

  /** Writes what is believed of the journal anew, for this database. */
  async #rewriteJournal(): Promise<void> {
    const lines = [
      journalHead(this.#id),
      ...[...this.#overlay].map(([path, entry]) => outcomeLine({ path, entry })),
      ...[...this.#intents.values()].map(intentLine),
    ]
    await this.#disk.replaceText(JOURNAL, lines.join(''))
    this.#appendable = true
  }

  #isDue(when: 'always' | 'heavy' | undefined): boolean {
    const { size } = this.#overlay
    if (size === 0) return false
    if (when === 'heavy') return size > Math.max(this.#heavy, this.#databaseRows / 4)
    return (
      when === 'always' ||
      this.#id === NO_DATABASE ||
      size > Math.max(FEW_ROWS, this.#databaseRows / 10)
    )
  }

  compact(when?: 'always' | 'heavy'): Promise<void> {
    return this.#exclusively(async () => {
      if (!this.#isDue(when)) return
      await this.#settle()
      const overlay = sortOverlay(this.#overlay, [])
      const lines = (write: (row: Row) => Line) =>
        overlaid(this.#id === NO_DATABASE ? pageOf([]) : readRawLines(this.#disk), overlay, write)
      let rows = 0
      for await (const page of lines(({ path }) => ({ path, line: '' }))) rows += page.length
      const id = this.#world.token()
      // A crash after this leaves a journal of the former database: it is folded in here already, so it is not believed.
      await this.#disk.replaceText(DATABASE, writeDatabase(id, rows, lines(lineOf)))
      this.#id = id
      this.#databaseRows = rows
      this.#size = rows
      this.#counted = true
      // A stream that is under way keeps the one it began with.
      this.#overlay = new Map()
      this.#appendable = false
      // Under its name before the journal goes: a power cut that brought back the former one beside the new journal would take marks that were made to last.
      await this.#disk.flush([DATABASE])
      await this.#rewriteJournal()
    })
  }
}
