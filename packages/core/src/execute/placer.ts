import type { Effects } from './context.ts'
import { type Placement, placeAll } from './place.ts'

/** A batch shares its flushes; it is bounded so that staging does not need the room of everything at once. */
const BATCH_FILES = 500
const BATCH_BYTES = 64 * 1024 * 1024

/** Collects staged files and puts them into place in batches, one batch after the other, while further ones are fetched. */
export class Placer {
  readonly #effects: Effects
  #batch: Placement[] = []
  #bytes = 0
  #work: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(effects: Effects) {
    this.#effects = effects
  }

  add(placement: Placement): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#batch.push(placement)
    this.#bytes += placement.staged.info.size
    if (this.#batch.length >= BATCH_FILES || this.#bytes >= BATCH_BYTES) this.#place()
  }

  /** Waits for the batch that is under way; starts none, and throws nothing. */
  async drain(): Promise<void> {
    await this.#work
  }

  async settle(): Promise<void> {
    this.#place()
    await this.#work
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #place(): void {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    this.#bytes = 0
    this.#work = this.#work.then(async () => {
      if (this.#failure !== undefined) return
      try {
        await placeAll(this.#effects, batch)
      } catch (error) {
        this.#failure = { error }
      }
    })
  }
}
