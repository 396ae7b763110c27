import type { Memory } from '../provider/index.ts'
import { SMALL_FILE } from '../scan/hash.ts'

/** From which so many small pieces are cut as fit. */
const CHUNK = 4 * SMALL_FILE
/** What is larger than a small file, and no longer than this, lies by itself: such pieces come and go while small ones wait, and would leave a chunk to each of them. */
const LONG = 512 * 1024
/** So many bytes that nobody uses wait to be used again. */
const MOST_SPARE = 48 * CHUNK

/**
 * Memory for many things that live for a short time, one after the other: what is read of a file until it was sent, what came of an object until it was
 * written (docs/decisions/0030).
 *
 * A chunk is used again once everything that was cut from it was given back. What is never given back (its call failed, and something may still hold
 * it) takes its chunk along, for the garbage collector: that costs memory, never content.
 */
export class Arena implements Memory {
  readonly #chunks = new WeakMap<ArrayBufferLike, Chunk>()
  readonly #spare: Chunk[] = []
  readonly #spareLong: Chunk[] = []
  #current: Chunk | undefined

  take(size: number): Buffer {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`no memory has ${size} bytes`)
    if (size === 0 || size > LONG) return Buffer.allocUnsafeSlow(size)
    if (size > SMALL_FILE) return cut(this.#spareLong.pop() ?? this.#make(LONG), size)
    if (this.#current === undefined || this.#current.filled + size > CHUNK)
      this.#current = this.#spare.pop() ?? this.#make(CHUNK)
    return cut(this.#current, size)
  }

  /** Throws where it was given back before: what is there now would be somebody else's. */
  giveBack({ buffer, byteOffset }: Uint8Array): void {
    const chunk = this.#chunks.get(buffer)
    if (chunk === undefined) return
    if (!chunk.taken.delete(byteOffset)) throw new Error('memory was given back twice')
    if (chunk.taken.size > 0) return
    chunk.filled = 0
    if (chunk === this.#current) return
    const spare = chunk.memory.length === LONG ? this.#spareLong : this.#spare
    if ((spare.length + 1) * chunk.memory.length <= MOST_SPARE) spare.push(chunk)
  }

  #make(length: number): Chunk {
    const chunk = { memory: Buffer.allocUnsafeSlow(length), filled: 0, taken: new Set<number>() }
    this.#chunks.set(chunk.memory.buffer, chunk)
    return chunk
  }
}

interface Chunk {
  readonly memory: Buffer
  /** Bytes from its beginning that were taken. */
  filled: number
  /** Where the pieces begin that were not given back. */
  readonly taken: Set<number>
}

function cut(chunk: Chunk, size: number): Buffer {
  const piece = chunk.memory.subarray(chunk.filled, chunk.filled + size)
  chunk.taken.add(piece.byteOffset)
  chunk.filled += size
  return piece
}
