import { Slots } from '../remote/limiter.ts'

const SMALLEST = 512 * 1024

/**
 * Memory for files and parts that are on their way, of all of them together: however many are sent at once, no more than so many bytes of them are held. A
 * buffer is used again while any is in use: to make one for each costs more than to read it, and its garbage as much again.
 */
export class UploadBuffers {
  readonly #capacity: number
  readonly #slots: Slots
  /** By length, a power of two. */
  readonly #spare = new Map<number, Uint8Array[]>()
  /** Bytes of those. */
  #spared = 0
  #lent = 0

  /** `capacity` in bytes. One that is larger is lent by itself. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#slots = new Slots(capacity)
  }

  /** `use` has the first `size` bytes of a buffer until it ends; what they hold at first is anything. */
  async lend<T>(
    size: number,
    signal: AbortSignal,
    use: (bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const length = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(size)))
    const weight = Math.min(length, this.#capacity)
    await this.#slots.take(signal, weight)
    this.#lent += length
    try {
      const buffer = this.#take(length)
      const result = await use(buffer.subarray(0, size))
      // Only where it went well: something may still read from another.
      this.#keep(buffer)
      return result
    } finally {
      this.#lent -= length
      if (this.#lent === 0) this.#forget()
      this.#slots.release(weight)
    }
  }

  #take(length: number): Uint8Array {
    const spare = this.#spare.get(length)?.pop()
    if (spare !== undefined) {
      this.#spared -= length
      return spare
    }
    // Of other lengths.
    if (this.#lent + this.#spared > this.#capacity) this.#forget()
    return Buffer.allocUnsafeSlow(length)
  }

  #keep(buffer: Uint8Array): void {
    const others = this.#spare.get(buffer.length)
    if (others === undefined) this.#spare.set(buffer.length, [buffer])
    else others.push(buffer)
    this.#spared += buffer.length
  }

  #forget(): void {
    this.#spare.clear()
    this.#spared = 0
  }
}
