import type { BaseEntry, Path, Row } from '../model/entry.ts'
import type { SortedStream } from '../model/side.ts'

/** What became of a path: a new row, or none any more. */
export interface Outcome {
  readonly path: Path
  readonly entry: BaseEntry | undefined
}

/**
 * Written (and flushed) before an effect that a crash would leave half done and visible: a local file is renamed into the trash and a new one is
 * linked in. The next run that may change anything repairs what a dead one left open; who only looks says that it is not repaired yet.
 */
export interface Intent {
  readonly path: Path
  /** Where the old file went, relative to the repository's root. */
  readonly trash: string
}

/** The base, streamed: the database with the journal as its overlay. */
export interface State {
  /** Rows in key order; `within` restricts to keys that equal one of these paths or lie below it (no trailing slash; absent = all). */
  rows(within?: readonly Path[]): SortedStream<Row>
  /** How many rows there are: exact when opened and after a compaction; while recording an estimate, never 0 while there are any. */
  readonly size: number
  /** Paths, ascending, that cut the rows into at most so many stretches, about even and with no fewer rows than `shortest` in each. */
  cuts(most: number, shortest: number): Promise<readonly Path[]>
  /** One row, or undefined. */
  get(path: Path): Promise<Row | undefined>
  /** The entries of those of these paths that have a row, in one pass: each `get` is a pass of its own. */
  entriesOf(paths: Iterable<Path>, signal: AbortSignal): Promise<ReadonlyMap<Path, BaseEntry>>
  /** Intents of a dead run that no outcome closed. */
  readonly openIntents: readonly Intent[]
  /** Appends intents to the journal; the caller flushes (`journalPath`) before the effects. */
  intend(intents: readonly Intent[]): Promise<void>
  /** Appends outcomes (closing intents of the same paths). The caller has flushed what they claim. */
  record(outcomes: readonly Outcome[]): Promise<void>
  /** Path of the journal on the disk, for `flush`. */
  readonly journalPath: string
  /**
   * Writes a new database if the journal has outgrown a tenth of it, or (`when`) always, or only where what the journal says has come to fill
   * memory. Safe to die in.
   */
  compact(when?: 'always' | 'heavy'): Promise<void>
  /** What was dropped while opening (a torn last line of the journal, a journal of another database): one sentence each. */
  readonly notices: readonly string[]
}
