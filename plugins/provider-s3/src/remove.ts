import {
  type CallOptions,
  isStorageError,
  type OpenOptions,
  StorageError,
  type StorageErrorCode,
} from '@lsync/core/provider'
import { type Claim, isLeased, isOwn, isStale, leaseLeft, newClaim, TOKEN } from './claim.ts'
import { headRaw, type Raw } from './reading.ts'
import { isNotTaken } from './refused-headers.ts'
import type { Requester } from './request.ts'
import { isTombstone, putTombstone } from './tombstones.ts'

type RemoveOptions = CallOptions & { readonly expect: string }

/** Removal where DELETE and its condition are one step. */
export async function removeAtomically(
  requester: Requester,
  key: string,
  { expect, signal }: RemoveOptions,
): Promise<void> {
  await requester.sendOnly({
    method: 'DELETE',
    key,
    headers: { 'if-match': `"${expect}"` },
    signal,
  })
}

/**
 * Removal where nothing is sure and tombstones cannot be known (encryption changes their ETags).
 * RACE: the look and the removal are two steps; worst outcome: what another client wrote in between is gone from the bucket, while that client
 * still has it, and takes it for removed by somebody (it goes to its trash). `init` and `doctor` say so.
 */
export async function removeChecked(
  requester: Requester,
  key: string,
  { expect, signal }: RemoveOptions,
): Promise<void> {
  const now = await headRaw(requester, key, { signal })
  if (now?.info.version !== expect) throw goneOrReplaced(key, now)
  // Where the store looks at the condition, too, the gap is smaller.
  await removeAtomically(requester, key, { expect, signal })
}

/** By which servers say that they take no content under a folder's key. */
const NO_CONTENT: ReadonlySet<StorageErrorCode> = new Set([
  'key-conflict',
  'refused',
  'unsupported',
])

/**
 * Some stores take no content under a folder's key, not even a claim's. There is none to lose, then; worst outcome of the gap: an empty folder
 * that somebody makes anew in that moment is gone.
 */
export async function removeLeased(
  requester: Requester,
  leased: LeasedRemoval,
  key: string,
  options: RemoveOptions,
): Promise<void> {
  try {
    await leased.remove(key, options)
  } catch (error) {
    if (!key.endsWith('/') || !isStorageError(error) || !NO_CONTENT.has(error.code)) throw error
    await removeChecked(requester, key, options)
  }
}

/** Removal by claim and lease, where DELETE keeps no condition, or not surely. */
export class LeasedRemoval {
  readonly #requester: Requester
  readonly #extra: Readonly<Record<string, string>>
  readonly #looksFirst: boolean
  readonly #onNotice: OpenOptions['onNotice'] | undefined
  /** The condition of a DELETE is sent, although nothing rests on it; until a right one is seen to be refused. */
  #looksAtRemovals = true
  /** Others know our claims by their ETags; until one is seen to have another. */
  #isRecognised = true
  /** Claims of this process whose deletion is not confirmed yet: their answers may have been lost. */
  readonly #claims = new Map<string, Claim>()

  /**
   * @param extra headers without which the bucket may refuse a write (encryption)
   * @param looksFirst where nobody knows if the store keeps the condition of a claim
   */
  constructor(
    requester: Requester,
    extra: Readonly<Record<string, string>>,
    {
      looksFirst = false,
      onNotice,
    }: {
      readonly looksFirst?: boolean
      readonly onNotice?: OpenOptions['onNotice'] | undefined
    } = {},
  ) {
    this.#requester = requester
    this.#extra = extra
    this.#looksFirst = looksFirst
    this.#onNotice = onNotice
  }

  async remove(key: string, { expect, signal }: RemoveOptions): Promise<void> {
    signal.throwIfAborted()
    // However it came to be taken for an object: nobody writes over another's lease.
    if (isTombstone(expect)) throw goneOrReplaced(key, undefined)
    const earlier = this.#claims.get(key)
    if (earlier !== undefined || this.#looksFirst) {
      const now = await headRaw(this.#requester, key, { signal })
      // An earlier attempt went astray after its claim: while our own tombstone stands, we finish.
      if (earlier !== undefined && now !== undefined && isOwn(now, earlier))
        return this.#finish(key, earlier, now, signal)
      if (now?.info.version !== expect) {
        this.#claims.delete(key)
        throw goneOrReplaced(key, now)
      }
      // It went astray before. It may still arrive: then this one is refused, and the next look finds our tombstone.
    }
    if (!this.#isRecognised) return removeChecked(this.#requester, key, { expect, signal })
    const claim = earlier !== undefined && isLeased(earlier) ? earlier : newClaim(expect)
    let etag: string
    try {
      etag = await this.#claim(key, expect, claim, signal)
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
      const now = await headRaw(this.#requester, key, { signal })
      if (now !== undefined && isOwn(now, claim)) return this.#finish(key, claim, now, signal)
      throw goneOrReplaced(key, now, error)
    }
    await this.#delete(key, claim, etag, signal)
  }

  /**
   * For a write that found the key taken: clears a tombstone that a dead client left. True if the key is free now, false if something else is
   * there; `busy` while another client's lease runs.
   */
  async clearStale(key: string, signal: AbortSignal): Promise<boolean> {
    const now = await headRaw(this.#requester, key, { signal })
    if (now === undefined) return true
    if (!isTombstone(now.info.version)) return false
    const own = this.#claims.get(key)
    if (own !== undefined && isLeased(own) && isOwn(now, own)) {
      await this.#delete(key, own, now.info.version, signal)
      return true
    }
    if (!isStale(now))
      throw new StorageError('busy', `another client is removing ${key} at this moment`, { key })
    const claim = newClaim(now.info.version)
    let etag: string
    try {
      etag = await this.#claim(key, now.info.version, claim, signal)
    } catch (error) {
      // Several found it at once, and another was faster: the next attempt sees what became of it.
      if (isStorageError(error) && error.code === 'precondition-failed')
        throw new StorageError('busy', `another client is clearing ${key} at this moment`, {
          key,
          cause: error,
        })
      throw error
    }
    await this.#delete(key, claim, etag, signal)
    return true
  }

  /** Returns the ETag by which the store knows the tombstone. */
  async #claim(key: string, expect: string, claim: Claim, signal: AbortSignal): Promise<string> {
    // Remembered before it is sent: its answer may be lost.
    this.#claims.set(key, claim)
    try {
      const headers = {
        ...this.#extra,
        'if-match': `"${expect}"`,
        [`x-amz-meta-${TOKEN}`]: claim.token,
      }
      const etag = await putTombstone(this.#requester, key, claim.tombstone, { headers, signal })
      return etag === claim.tombstone.etag ? etag : await this.#confirm(key, claim, signal)
    } catch (error) {
      if (!isStorageError(error) || ['network', 'server'].includes(error.code)) throw error
      // Refused for good: there is no tombstone of ours. (A refusal may still be the echo of an earlier attempt; who asks looks for it.)
      this.#claims.delete(key)
      // S3 answers 404 to a condition on what is gone.
      if (error.code === 'not-found')
        throw new StorageError('precondition-failed', error.message, { key, cause: error })
      throw error
    }
  }

  /** The answer tells another ETag, or none. Perhaps it was not the store's, or to another request, and nothing is claimed: what is deleted next must be the claim. */
  async #confirm(key: string, claim: Claim, signal: AbortSignal): Promise<string> {
    const now = await headRaw(this.#requester, key, { signal })
    if (now === undefined || !isOwn(now, claim))
      throw new StorageError('network', `it is not known whether ${key} is claimed`, { key })
    this.#recognise(now.info.version, claim)
    return now.info.version
  }

  /** Our own tombstone was found: its answer was lost. */
  #finish(key: string, claim: Claim, { info }: Raw, signal: AbortSignal): Promise<void> {
    this.#recognise(info.version, claim)
    return this.#delete(key, claim, info.version, signal)
  }

  /**
   * A bucket whose default encryption was changed names its objects in another way. RACE: the claims that are under way then are finished all the same; worst outcome: who
   * lists the bucket before their DELETE takes a tombstone for a file, and if this process dies before, it stays.
   */
  #recognise(etag: string, { tombstone }: Claim): void {
    if (!this.#isRecognised || etag === tombstone.etag) return
    this.#isRecognised = false
    this.#onNotice?.(
      `${this.#requester.host} names what it stores by other ETags than before (was its encryption changed?), so removals cannot be claimed: they are looked at before instead. Run lsync doctor`,
    )
  }

  /** @param etag of our tombstone, as it lies there */
  async #delete(key: string, claim: Claim, etag: string, signal: AbortSignal): Promise<void> {
    const rest = leaseLeft(claim)
    // The lease ran out: others may clear it. It reads as absent all the same.
    if (rest > 0) {
      const lease = AbortSignal.timeout(rest)
      try {
        await this.#deleteOwn(key, claim, etag, AbortSignal.any([signal, lease]))
      } catch (error) {
        signal.throwIfAborted()
        if (!lease.aborted) throw error
      }
    }
    this.#claims.delete(key)
  }

  /**
   * RACE: a DELETE that the network holds back could meet a new object: for longer than the rest of the lease, or behind a second one that was sent because no answer
   * came; so could one that something on the way sends twice. Where the store looks at the condition, what remains is the gap between its look and its removal. Worst
   * outcome: that object is gone from the bucket while the client that wrote it still has the file, and takes it for removed by somebody (it goes to its trash).
   */
  async #deleteOwn(key: string, claim: Claim, etag: string, signal: AbortSignal): Promise<void> {
    if (this.#looksAtRemovals)
      try {
        return await removeAtomically(this.#requester, key, { expect: etag, signal })
      } catch (error) {
        if (!isStorageError(error)) throw error
        // An earlier one arrived.
        if (error.code === 'not-found') return
        if (error.code !== 'precondition-failed' && !isNotTaken(error)) throw error
        const now = await headRaw(this.#requester, key, { signal })
        if (now === undefined || !isOwn(now, claim)) return
        // Some stores refuse right conditions, too.
        this.#looksAtRemovals = false
      }
    await this.#requester.sendOnly({ method: 'DELETE', key, signal })
  }
}

function goneOrReplaced(key: string, now: Raw | undefined, cause?: unknown): StorageError {
  const details = { key, ...(cause === undefined ? {} : { cause }) }
  // Claimed by another client: it reads as absent.
  return now === undefined || isTombstone(now.info.version)
    ? new StorageError('not-found', `no such object: ${key}`, details)
    : new StorageError('precondition-failed', `another version is there: ${key}`, details)
}
