import assert from 'node:assert/strict'
import type { Memory } from '@lsync/core/provider'

/** Memory as a reader lends it, that tells who uses it wrongly: what is given back is spoilt at once, and must not be given back twice. */
export class WatchedMemory implements Memory {
  readonly #lent = new Map<ArrayBufferLike, Uint8Array>()
  readonly #all = new WeakSet<ArrayBufferLike>()

  /** How many are with somebody now. */
  get lent(): number {
    return this.#lent.size
  }

  take(size: number): Uint8Array {
    // A buffer for each: then it is known by it.
    const bytes = new Uint8Array(new ArrayBuffer(size)).fill(0xee)
    this.#lent.set(bytes.buffer, bytes)
    this.#all.add(bytes.buffer)
    return bytes
  }

  giveBack({ buffer }: Uint8Array): void {
    if (!this.#all.has(buffer)) return
    const bytes = this.#lent.get(buffer)
    assert.ok(bytes !== undefined, 'memory was given back twice')
    this.#lent.delete(buffer)
    bytes.fill(0xee)
  }
}
