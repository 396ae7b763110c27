import assert from 'node:assert/strict'
import type { Memory } from '@lsync/core/provider'

const MARGIN = 8

/** Memory as a reader lends it, that tells who uses it wrongly: what is given back is spoilt at once, and must not be given back twice. */
export class WatchedMemory implements Memory {
  readonly #lent = new Map<ArrayBufferLike, Uint8Array>()
  readonly #all = new WeakSet<ArrayBufferLike>()

  /** How many are with somebody now. */
  get lent(): number {
    return this.#lent.size
  }

  take(size: number): Uint8Array {
    // A buffer for each, by which it is known; within, as if others lay before and behind it.
    const bytes = new Uint8Array(new ArrayBuffer(size + 2 * MARGIN), MARGIN, size).fill(0xee)
    this.#lent.set(bytes.buffer, bytes)
    this.#all.add(bytes.buffer)
    return bytes
  }

  giveBack({ buffer, byteOffset }: Uint8Array): void {
    if (!this.#all.has(buffer)) return
    assert.equal(byteOffset, MARGIN, 'what is given back begins where it was taken')
    const bytes = this.#lent.get(buffer)
    assert.ok(bytes !== undefined, 'memory was given back twice')
    this.#lent.delete(buffer)
    bytes.fill(0xee)
  }
}
