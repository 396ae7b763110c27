import type { BaseEntry, LocalEntry, Path, RemoteEntry, Row } from '../model/entry.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import { compareKeys } from '../provider/index.ts'
import { Cursor } from './cursor.ts'

/** One path, as far as the three streams show it. */
export interface Shown {
  readonly path: Path
  readonly base: BaseEntry | undefined
  readonly local: Seen<LocalEntry> | undefined
  readonly remote: Seen<RemoteEntry> | undefined
}

/** Base, local and remote, three streams in key order, taken path by path. Memory holds a page of each. */
export class Merge {
  readonly #bases: Cursor<Row>
  readonly #locals: Cursor<Seen<LocalEntry>>
  readonly #remotes: Cursor<Seen<RemoteEntry>>

  constructor(
    base: SortedStream<Row>,
    local: SortedStream<Seen<LocalEntry>>,
    remote: SortedStream<Seen<RemoteEntry>>,
  ) {
    this.#bases = new Cursor(base)
    this.#locals = new Cursor(local)
    this.#remotes = new Cursor(remote)
  }

  /** The pages at hand tell the next path: then no await is needed. */
  get isReady(): boolean {
    return this.#bases.isReady && this.#locals.isReady && this.#remotes.isReady
  }

  async load(): Promise<void> {
    if (!this.#bases.isReady) await this.#bases.fill()
    if (!this.#locals.isReady) await this.#locals.fill()
    if (!this.#remotes.isReady) await this.#remotes.fill()
  }

  /** The next path; undefined behind the last one. */
  take(): Shown | undefined {
    const base = this.#bases.buffered
    const local = this.#locals.buffered
    const remote = this.#remotes.buffered
    let path = base?.path
    if (local !== undefined && (path === undefined || compareKeys(local.path, path) < 0))
      path = local.path
    if (remote !== undefined && (path === undefined || compareKeys(remote.path, path) < 0))
      path = remote.path
    if (path === undefined) return undefined
    const isBase = base?.path === path
    const isLocal = local?.path === path
    const isRemote = remote?.path === path
    if (isBase) this.#bases.advance()
    if (isLocal) this.#locals.advance()
    if (isRemote) this.#remotes.advance()
    return {
      path,
      base: isBase ? base.entry : undefined,
      local: isLocal ? local : undefined,
      remote: isRemote ? remote : undefined,
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#bases.close(), this.#locals.close(), this.#remotes.close()])
  }
}
