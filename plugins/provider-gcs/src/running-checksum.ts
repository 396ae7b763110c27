import { createHash, type Hash } from 'node:crypto'
import type { Crc32c } from './crc32c.ts'

/** The checksums of an object's bytes from its first one on, without a gap. CRC-32C can be written down and gone on with elsewhere, SHA-256 cannot. */
export class RunningChecksum {
  readonly #crc32c: Crc32c
  readonly #hash: Hash | undefined
  #crc: number
  #summed: number

  /** `crc` and `summed` of an earlier one to go on from; `withSha256` holds only from the first byte on. */
  constructor(crc32c: Crc32c, crc: number, summed: number, withSha256: boolean) {
    this.#crc32c = crc32c
    this.#crc = crc
    this.#summed = summed
    this.#hash = withSha256 && summed === 0 ? createHash('sha256') : undefined
  }

  get crc(): number {
    return this.#crc
  }

  /** How many bytes it is of. */
  get summed(): number {
    return this.#summed
  }

  /** Bytes that stand at `at`: of these, what follows on what was taken before. */
  take(chunk: Uint8Array, at: number): void {
    if (at > this.#summed || at + chunk.length <= this.#summed) return
    const fresh = chunk.subarray(this.#summed - at)
    this.#crc = this.#crc32c(fresh, this.#crc)
    this.#hash?.update(fresh)
    this.#summed += fresh.length
  }

  /** False also where nobody knows. */
  isOtherThan(sha256: string | undefined): boolean {
    return this.#hash !== undefined && this.#hash.copy().digest('hex') !== sha256
  }
}
