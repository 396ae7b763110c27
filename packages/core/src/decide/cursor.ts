import type { SortedStream } from '../model/side.ts'

/** Reads a paged stream item by item; awaits only where a page ends. */
export class Cursor<T> {
  #pages: AsyncIterator<readonly T[]>
  #page: readonly T[] = []
  #index = 0
  #done = false

  constructor(stream: SortedStream<T>) {
    this.#pages = stream[Symbol.asyncIterator]()
  }

  /** The item under the cursor, if the present page has one: then no await is needed. */
  get buffered(): T | undefined {
    return this.#page[this.#index]
  }

  /** There is an item, or none any more. */
  get isReady(): boolean {
    return this.#done || this.#index < this.#page.length
  }

  /** Loads pages until there is an item or the end. */
  async fill(): Promise<void> {
    while (!this.#done && this.#index >= this.#page.length) {
      // oxlint-disable-next-line no-await-in-loop -- pages come one after the other
      const next = await this.#pages.next()
      if (next.done === true) this.#done = true
      else {
        this.#page = next.value
        this.#index = 0
      }
    }
  }

  advance(): void {
    this.#index++
  }

  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}
