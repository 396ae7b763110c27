import { STAGING } from '../state/layout.ts'
import type { Effects } from './context.ts'
import { prepareAll, recordAll, swapAll } from './place.ts'
import type { Placed, Placement } from './placement.ts'

/** So much is worth a batch, whose flushes are shared; it holds also what arrived while the batch before it was placed. */
const BATCH_FILES = 1000
const BATCH_BYTES = 16 * 1024 * 1024
/** With so much waiting, a download waits too. */
const MOST_FILES = 4000
const MOST_HELD = 32 * 1024 * 1024

/**
 * Collects what was fetched and puts it into place in batches, one after the other, while more is fetched. One flush serves two batches: it
 * makes the files of one survive before they are swapped in, and the swaps of the one before, which may be recorded then.
 */
export class Placer {
  readonly #effects: Effects
  #batch: Placement[] = []
  #bytes = 0
  /** Of `#bytes`, in memory. */
  #held = 0
  #placed: readonly Placed[] = []
  #working = false
  #work: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(effects: Effects) {
    this.#effects = effects
  }

  /** Resolves when there is room for more. */
  async add(placement: Placement): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    const { size } = placement.content.info
    this.#batch.push(placement)
    this.#bytes += size
    if ('bytes' in placement.content) this.#held += size
    if (!this.#working && this.#isWorthwhile) this.#start()
    if (this.#working && (this.#held >= MOST_HELD || this.#batch.length >= MOST_FILES))
      await this.#work
  }

  /** Waits for what is under way and records what is in place; begins nothing, and throws nothing. */
  async drain(): Promise<void> {
    await this.#work
    await this.#attempt(() => this.#record())
  }

  async settle(): Promise<void> {
    await this.#work
    while (this.#batch.length > 0 && this.#failure === undefined)
      await this.#attempt(() => this.#place())
    await this.#attempt(() => this.#record())
    if (this.#failure !== undefined) throw this.#failure.error
  }

  get #isWorthwhile(): boolean {
    return this.#batch.length >= BATCH_FILES || this.#bytes >= BATCH_BYTES
  }

  #start(): void {
    this.#working = true
    this.#work = (async () => {
      while (this.#isWorthwhile && this.#failure === undefined)
        await this.#attempt(() => this.#place())
      this.#working = false
    })()
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  async #place(): Promise<void> {
    const { disk } = this.#effects
    const batch = this.#batch
    this.#batch = []
    this.#bytes = 0
    this.#held = 0
    const { flush, ...prepared } = await prepareAll(this.#effects, batch)
    await disk.flush([...this.#paths(), ...flush])
    const before = this.#placed
    this.#placed = []
    await recordAll(this.#effects, before)
    this.#placed = await swapAll(this.#effects, prepared)
  }

  /** Those of the batch before are flushed by themselves only where no other batch comes. */
  async #record(): Promise<void> {
    const placed = this.#placed
    if (placed.length === 0) return
    await this.#effects.disk.flush(this.#paths())
    this.#placed = []
    await recordAll(this.#effects, placed)
  }

  /** With the folder that they came from: on a disk without a journal a file or folder might be found under both names, and removed at the former. */
  #paths(): readonly string[] {
    if (this.#placed.length === 0) return []
    return [STAGING, ...this.#placed.map(({ placement }) => placement.action.path)]
  }
}
