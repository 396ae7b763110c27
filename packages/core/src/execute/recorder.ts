import type { World } from '../disk/world.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import { diskPath } from '../model/path.ts'
import type { StorageProvider } from '../provider/index.ts'
import type { Outcome, State } from '../state/state.ts'

/** Outcomes that wait at most, in number and in milliseconds, before they are flushed and recorded. */
const BATCH = 1000
const LONGEST_WAIT = 5000
/** Up to so many files are flushed by name; above, one flush of the file system is cheaper. */
export const FEW = 16

/**
 * Folds outcomes into the journal, in batches: first what they claim is made to survive a power cut, on both sides, then they are
 * appended. So the base may lag, it never leads. This holds for uploads too: a file that the disk forgets after its upload was
 * recorded would read as removed here, and the remote copy would follow it.
 */
export class Recorder {
  readonly #disk: Disk
  readonly #provider: StorageProvider
  readonly #state: State
  readonly #world: World
  #waiting: Claim[] = []
  #since: number | undefined
  #work: Promise<void> = Promise.resolve()
  readonly #failed = new AbortController()
  #relieves = true

  constructor(disk: Disk, provider: StorageProvider, state: State, world: World) {
    this.#disk = disk
    this.#provider = provider
    this.#state = state
    this.#world = world
  }

  /** Aborted once outcomes cannot be recorded: that is no path's problem, and whatever is done from then on would be done for nothing. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /**
   * @param inode of the local file whose content the outcome claims, where it was the person's own: it may have another name by now.
   * RACE: on a disk that tells no inodes nobody sees that; worst outcome: its content is recorded, and a power cut takes it.
   */
  add(outcome: Outcome, inode?: number): void {
    this.#add({ outcome, inode, flushed: false })
  }

  /** What the outcome claims of this disk survives a power cut already. */
  addFlushed(outcome: Outcome): void {
    this.#add({ outcome, inode: undefined, flushed: true })
  }

  #add(claim: Claim): void {
    this.failed.throwIfAborted()
    this.#waiting.push(claim)
    const now = this.#world.now()
    this.#since ??= now
    if (this.#waiting.length >= BATCH || now - this.#since > LONGEST_WAIT) this.#write()
  }

  /** Everything added so far is recorded when this resolves. */
  async settle(): Promise<void> {
    await this.drain()
    this.failed.throwIfAborted()
  }

  /** The same, where something else has failed: that is what is to be told. */
  async drain(): Promise<void> {
    this.#write()
    await this.#work
  }

  #write(): void {
    const batch = this.#waiting
    if (batch.length === 0) return
    this.#waiting = []
    this.#since = undefined
    this.#work = this.#work.then(async () => {
      if (this.failed.aborted) return
      try {
        // Not the run's signal: what has happened is recorded also when the run is interrupted.
        await this.#provider.flush?.({ signal: new AbortController().signal })
        await this.#flush(batch)
        await this.#state.record(batch.map(({ outcome }) => outcome))
        await this.#relieve()
      } catch (error) {
        this.#failed.abort(error)
      }
    })
  }

  /** What cannot be written anew is in the journal all the same: the end of the run tries once more, and tells. */
  async #relieve(): Promise<void> {
    if (!this.#relieves) return
    try {
      await this.#state.compact('heavy')
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#relieves = false
    }
  }

  async #flush(batch: readonly Claim[]): Promise<void> {
    const claims = batch.filter(({ outcome, flushed }) => outcome.entry !== undefined && !flushed)
    if (claims.length > FEW) return this.#disk.flushAll()
    await this.#disk.flush(claims.map(({ outcome }) => diskPath(outcome.path)))
    for (const { outcome, inode } of claims)
      // Renamed meanwhile: what has the name now was flushed, and the content that is claimed may be left behind.
      if (inode !== undefined && (await this.#disk.stat(diskPath(outcome.path)))?.inode !== inode)
        return this.#disk.flushAll()
  }
}

interface Claim {
  readonly outcome: Outcome
  readonly inode: number | undefined
  readonly flushed: boolean
}
