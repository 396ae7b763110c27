import { type CallOptions, isStorageError, StorageError } from '@lsync/core/provider'
import { headRaw, putObject } from './operations.ts'
import type { Requester } from './request.ts'
import { anyTombstone, isTombstone, LEASE, STALE, type Tombstone } from './tombstones.ts'

/** Removal where DELETE keeps its condition. */
export async function removeAtomically(
  requester: Requester,
  key: string,
  { expect, signal }: CallOptions & { readonly expect: string },
): Promise<void> {
  await requester.sendOnly({
    method: 'DELETE',
    key,
    headers: { 'if-match': `"${expect}"` },
    signal,
  })
}

interface Claim {
  readonly etag: string
  readonly until: number
}

/** Removal by claim and lease, where DELETE keeps no condition. */
export class LeasedRemoval {
  readonly #requester: Requester
  /** Claims of this process whose deletion is not confirmed yet. */
  readonly #claims = new Map<string, Claim>()

  constructor(requester: Requester) {
    this.#requester = requester
  }

  async remove(
    key: string,
    { expect, signal }: CallOptions & { readonly expect: string },
  ): Promise<void> {
    const claim = this.#claims.get(key)
    // An earlier attempt of ours went astray: only while our own tombstone stands may we delete.
    if (claim !== undefined) return this.#finish(key, claim, signal)
    try {
      await this.#delete(key, await this.#claim(key, expect, signal), signal)
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
      const now = await headRaw(this.#requester, key, { signal })
      // Claimed by another client: it reads as absent.
      if (now === undefined || isTombstone(now.info.size, now.info.version))
        throw new StorageError('not-found', `no such object: ${key}`, { key, cause: error })
      throw error
    }
  }

  /**
   * For a write that found the key taken: clears a tombstone that a dead client left. True if the key is free now, false if something else is
   * there; `busy` while another client's lease runs.
   */
  async clearStale(key: string, signal: AbortSignal): Promise<boolean> {
    const now = await headRaw(this.#requester, key, { signal })
    if (now === undefined) return true
    const { info, response } = now
    if (!isTombstone(info.size, info.version)) return false
    const claim = this.#claims.get(key)
    if (claim?.etag === info.version) {
      await this.#finish(key, claim, signal)
      return true
    }
    const age = Date.parse(String(response.headers['date'] ?? '')) - info.modified
    if (!(age > STALE)) throw new StorageError('busy', `another client is removing ${key}`, { key })
    await this.#delete(key, await this.#claim(key, info.version, signal), signal)
    return true
  }

  async #claim(key: string, expect: string, signal: AbortSignal): Promise<Claim> {
    const tombstone: Tombstone = anyTombstone(expect)
    const claim: Claim = { etag: tombstone.etag, until: Date.now() + LEASE }
    // Remembered before it is sent: its answer may be lost.
    this.#claims.set(key, claim)
    try {
      await putObject(
        this.#requester,
        key,
        {
          size: tombstone.bytes.length,
          digests: { sha256: tombstone.sha256 },
          bytes: tombstone.bytes,
          async *open() {},
        },
        { expect: { kind: 'version', version: expect }, metadata: { user: {} }, signal },
        {},
      )
      return claim
    } catch (error) {
      const refused = isStorageError(error) && !['network', 'server'].includes(error.code)
      if (refused) this.#claims.delete(key)
      throw error
    }
  }

  async #finish(key: string, claim: Claim, signal: AbortSignal): Promise<void> {
    const now = await headRaw(this.#requester, key, { signal })
    if (now?.info.version === claim.etag) return this.#delete(key, claim, signal)
    this.#claims.delete(key)
    if (now === undefined || isTombstone(now.info.size, now.info.version))
      throw new StorageError('not-found', `no such object: ${key}`, { key })
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
  }

  /**
   * RACE: a DELETE that the network holds back for longer than the lease could meet a new object; worst outcome: that object is gone from the
   * bucket while the client that wrote it still has the file, and takes it for removed by somebody (it goes to its trash).
   */
  async #delete(key: string, claim: Claim, signal: AbortSignal): Promise<void> {
    // The lease ran out: others may clear it. It reads as absent all the same.
    if (Date.now() < claim.until) await this.#requester.sendOnly({ method: 'DELETE', key, signal })
    this.#claims.delete(key)
  }
}
