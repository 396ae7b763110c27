import { Slots } from '../remote/limiter.ts'

/**
 * Memory for parts that are on their way, of all files together: however many large files are sent at once, no more than so many parts of them are held. A
 * buffer is used again while any is in use: to make one for each part costs more than to read it, and its garbage as much again.
 */
export class PartBuffers {
  readonly #slots: Slots
  readonly #spare: Uint8Array[] = []
  #used = 0

  constructor(count: number) {
    this.#slots = new Slots(count)
  }

  /** `use` has the first `size` bytes of a buffer until it ends; what they hold at first is anything. */
  async lend(
    size: number,
    signal: AbortSignal,
    use: (bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    await this.#slots.take(signal)
    this.#used++
    try {
      const spare = this.#spare.pop()
      const buffer =
        spare !== undefined && spare.length >= size ? spare : Buffer.allocUnsafeSlow(size)
      await use(buffer.subarray(0, size))
      // Only where it went well: something may still read from another.
      this.#spare.push(buffer)
    } finally {
      this.#used--
      if (this.#used === 0) this.#spare.length = 0
      this.#slots.release()
    }
  }
}
