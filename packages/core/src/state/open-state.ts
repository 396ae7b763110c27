import type { World } from '../disk/clock.ts'
import type { Disk } from '../disk/disk.ts'
import type { BaseEntry } from '../model/entry.ts'
import { isWithin } from '../model/path.ts'
import type { SortedStream } from '../model/side.ts'
import { compareKeys } from '../provider/index.ts'
import { Damaged, readByHand, readHeader, readRows, writeDatabase } from './database.ts'
import { intentLine, journalHead, outcomeLine, readJournal } from './journal.ts'
import { DATABASE, JOURNAL } from './layout.ts'
import type { Intent, Outcome, Row, State } from './state.ts'

/** The id that a journal names while there is no database yet. */
const NO_DATABASE = 'none'
/** Below so many journal rows a compaction is not worth its write. */
const FEW_ROWS = 1000
const PAGE = 1000

/**
 * Opens the base. A damaged database is set aside and reads as none: every path is then compared by content again, which costs work
 * but asks nothing and loses nothing. A newer format is refused (LsyncError `newer-format`).
 */
export async function openState(disk: Disk, world: World): Promise<State> {
  const notices: string[] = []
  const database = await openDatabase(disk, world, notices)
  const journal = await readJournal(disk)
  notices.push(...journal.notices)
  const id = database?.id ?? NO_DATABASE
  // A journal over another database was folded into this one already, or its database is gone: its rows are not believed either way.
  const ours = journal.database === id
  const overlay = ours ? journal.rows : new Map<string, BaseEntry | undefined>()
  const intents = journal.intents
  const state = new OpenState(disk, world, {
    id,
    rows: database?.rows ?? 0,
    overlay,
    intents,
    notices,
    clean: ours && !journal.torn,
  })
  if (journal.database !== undefined && (!ours || journal.torn)) await state.rewriteJournal()
  return state
}

/** Undefined where there is none. */
async function openDatabase(
  disk: Disk,
  world: World,
  notices: string[],
): Promise<{ readonly id: string; readonly rows: number } | undefined> {
  try {
    const header = await readHeader(disk)
    if (header === undefined) return undefined
    // One pass over all lines: damage is found before anything is decided by half of them.
    for await (const _ of readRows(disk, [])) void _
    return header
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    const byHand = readByHand((await disk.readText(DATABASE)) ?? '')
    if (byHand !== undefined) {
      // Written anew under the same id, so that the journal over it stays valid.
      await disk.replaceText(DATABASE, writeDatabase(byHand.id, byHand.rows.length, pageOf(byHand.rows)))
      return { id: byHand.id, rows: byHand.rows.length }
    }
    const aside = `${DATABASE}.damaged-${world.token().slice(0, 8)}`
    await disk.rename(DATABASE, aside, { overwrite: false })
    notices.push(`the database is damaged (${error.message}) and was set aside as ${aside}; all files are compared by content again`)
    return undefined
  }
}

async function* pageOf(rows: readonly Row[]): SortedStream<Row> {
  if (rows.length > 0) yield rows
}

interface Opened {
  readonly id: string
  readonly rows: number
  readonly overlay: Map<string, BaseEntry | undefined>
  readonly intents: Map<string, Intent>
  readonly notices: readonly string[]
  /** The journal on disk is ours and whole: it can be appended to. */
  readonly clean: boolean
}

class OpenState implements State {
  readonly #disk: Disk
  readonly #world: World
  readonly #overlay: Map<string, BaseEntry | undefined>
  readonly #intents: Map<string, Intent>
  readonly notices: readonly string[]
  readonly journalPath = JOURNAL
  #id: string
  #databaseRows: number
  #journalStarted: boolean
  /** Appends one after the other: two at once could interleave. */
  #appending: Promise<void> = Promise.resolve()

  constructor(disk: Disk, world: World, opened: Opened) {
    this.#disk = disk
    this.#world = world
    this.#id = opened.id
    this.#databaseRows = opened.rows
    this.#overlay = opened.overlay
    this.#intents = opened.intents
    this.notices = opened.notices
    this.#journalStarted = opened.clean
  }

  get size(): number {
    // An upper bound where journal rows replace database rows; exact enough for "is there anything", exact after a compaction.
    let added = 0
    for (const entry of this.#overlay.values()) if (entry !== undefined) added++
    return this.#databaseRows === 0 ? added : Math.max(this.#databaseRows, added)
  }

  get openIntents(): readonly Intent[] {
    return [...this.#intents.values()]
  }

  async *rows(within: readonly string[] = []): SortedStream<Row> {
    const overlay = [...this.#overlay]
      .filter(([path]) => isWithin(path, within))
      .toSorted(([a], [b]) => compareKeys(a, b))
    const database: SortedStream<Row> = this.#id === NO_DATABASE ? pageOf([]) : readRows(this.#disk, within)
    if (overlay.length === 0) {
      yield* database
      return
    }
    let next = 0
    let page: Row[] = []
    const takeOverlay = (before: string | undefined): void => {
      for (; next < overlay.length; next++) {
        const [path, entry] = overlay[next] as [string, BaseEntry | undefined]
        if (before !== undefined && compareKeys(path, before) >= 0) return
        if (entry !== undefined) page.push({ path, entry })
      }
    }
    for await (const rows of database) {
      for (const row of rows) {
        takeOverlay(row.path)
        if (overlay[next]?.[0] === row.path) continue
        page.push(row)
      }
      if (page.length >= PAGE) {
        yield page
        page = []
      }
    }
    takeOverlay(undefined)
    if (page.length > 0) yield page
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

  async intend(intents: readonly Intent[]): Promise<void> {
    await this.#append(intents.map(intentLine).join(''))
    for (const intent of intents) this.#intents.set(intent.path, intent)
  }

  async record(outcomes: readonly Outcome[]): Promise<void> {
    await this.#append(outcomes.map(outcomeLine).join(''))
    for (const { path, entry } of outcomes) {
      this.#overlay.set(path, entry)
      this.#intents.delete(path)
    }
  }

  #append(text: string): Promise<void> {
    this.#appending = this.#appending.then(async () => {
      if (!this.#journalStarted) {
        // A new file: a head glued onto an old one's end would make both unreadable.
        await this.#disk.replaceText(JOURNAL, journalHead(this.#id))
        this.#journalStarted = true
      }
      await this.#disk.appendText(JOURNAL, text)
    })
    return this.#appending
  }

  /** Writes what is believed of the journal anew, for this database. */
  async rewriteJournal(): Promise<void> {
    const lines = [
      journalHead(this.#id),
      ...[...this.#overlay].map(([path, entry]) => outcomeLine({ path, entry })),
      ...[...this.#intents.values()].map(intentLine),
    ]
    await this.#disk.replaceText(JOURNAL, lines.join(''))
    this.#journalStarted = true
  }

  async compact({ force = false } = {}): Promise<void> {
    await this.#appending
    if (this.#overlay.size === 0) return
    if (!force && this.#id !== NO_DATABASE && this.#overlay.size < Math.max(FEW_ROWS, this.#databaseRows / 10))
      return
    let rows = 0
    for await (const page of this.rows()) rows += page.length
    const id = this.#world.token()
    // A crash after this leaves a journal of the former database: it is folded in here already, so it is not believed.
    await this.#disk.replaceText(DATABASE, writeDatabase(id, rows, this.rows()))
    this.#id = id
    this.#databaseRows = rows
    this.#overlay.clear()
    await this.rewriteJournal()
  }
}
