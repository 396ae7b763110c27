import type { Memory } from '@lsync/core/provider'

/** So much is handed on at once, where there is as much: each piece costs its reader a call of the disk. */
const PIECE = 512 * 1024
/** Milliseconds that bytes wait until there is as much: a slow line shall be seen to move. */
const PATIENCE = 250
/** Pieces of chunks that must be kept are as long as what arrives; of these so many bytes wait at most. */
const MOST_WAITING = 256 * 1024

/**
 * What arrived of a body and was not taken yet, copied. Where the reader gives memory for it, it is gathered there: two buffers, one filled while the other
 * is worked on.
 */
export class Pieces {
  readonly #memory: Memory | undefined
  readonly #whole: Uint8Array[] = []
  #waiting = 0
  #filling: Uint8Array | undefined
  #filled = 0
  /** When the first of these bytes came; `performance.now()`. */
  #since = 0
  #isLate = false

  constructor(memory?: Memory) {
    this.#memory = memory
  }

  add(chunk: Uint8Array, now: number): void {
    this.#waiting += chunk.length
    if (this.#memory === undefined) {
      this.#whole.push(Buffer.from(chunk))
      return
    }
    for (let at = 0; at < chunk.length;) {
      if (this.#filling === undefined) {
        this.#filling = this.#memory.take(PIECE)
        this.#since = now
      }
      const part = chunk.subarray(at, at + PIECE - this.#filled)
      this.#filling.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === PIECE) this.#complete()
    }
    this.#isLate = this.#filling !== undefined && now - this.#since > PATIENCE
  }

  #complete(): void {
    if (this.#filling === undefined) return
    this.#whole.push(this.#filling.subarray(0, this.#filled))
    this.#filling = undefined
    this.#filled = 0
    this.#isLate = false
  }

  /** Something waits that is worth being taken. */
  get isReady(): boolean {
    return this.#whole.length > 0 || this.#isLate
  }

  /** The other side must be held up. */
  get isFull(): boolean {
    return this.#memory !== undefined ? this.#whole.length > 0 : this.#waiting >= MOST_WAITING
  }

  /** Never false while nothing is ready: both sides would wait. */
  get hasRoom(): boolean {
    return this.#memory !== undefined ? this.#whole.length === 0 : this.#waiting <= MOST_WAITING / 2
  }

  /** The next piece, also a short one; undefined where nothing waits. */
  take(): Uint8Array | undefined {
    if (this.#whole.length === 0) this.#complete()
    const piece = this.#whole.shift()
    if (piece !== undefined) this.#waiting -= piece.length
    return piece
  }

  /** Nobody reads in the piece any more. */
  giveBack(piece: Uint8Array): void {
    this.#memory?.giveBack(piece)
  }

  /** Nobody wants what waits. */
  drop(): void {
    for (const piece of this.#whole) this.#memory?.giveBack(piece)
    if (this.#filling !== undefined) this.#memory?.giveBack(this.#filling)
    this.#whole.length = 0
    this.#filling = undefined
    this.#filled = 0
    this.#waiting = 0
    this.#isLate = false
  }
}
