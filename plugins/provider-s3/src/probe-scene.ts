import {
  bytesSource,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type ProbeOptions,
} from '@lsync/core/provider'
import { clockSkew, ProbeSteps } from '@lsync/http'
import type { Bucket } from './bucket.ts'
import { pagesOf } from './listing.ts'
import type { Multipart } from './multipart.ts'
import { headRaw } from './reading.ts'
import type { Requester } from './request.ts'
import { writeHeaders } from './settings.ts'
import type { Place } from './url.ts'
import { putObject } from './writing.ts'

export const ABSENT: Expect = { kind: 'absent' }
/** Of the form that servers take for an ETag, and of no object. */
export const STALE = '0'.repeat(32)

export function versionOf(version: string): Expect {
  return { kind: 'version', version }
}

/** Where a probe tries things, and the hands to do so; knows what it made. */
export class ProbeScene extends ProbeSteps {
  readonly requester: Requester
  readonly multipart: Multipart
  readonly place: Place
  /** Without which the bucket may refuse a write: storage class and encryption. */
  readonly extra: Readonly<Record<string, string>>
  readonly #made = new Set<string>()
  #mayDelete = true

  constructor({ requester, multipart, place, store }: Bucket, options: ProbeOptions) {
    super(options)
    this.requester = requester
    this.multipart = multipart
    this.place = place
    this.extra = writeHeaders(store)
  }

  /** To be cleaned up, however it comes to be there. */
  made(key: string): void {
    this.#made.add(key)
  }

  async put(key: string, text: string, expect: Expect): Promise<ObjectInfo> {
    this.made(key)
    return putObject(this.requester, key, bytesSource(Buffer.from(text)), {
      signal: this.signal,
      expect,
      metadata: { user: {} },
      extra: this.extra,
    })
  }

  /** With the store's clock minus ours, against the middle of the request. */
  async head(
    key: string,
  ): Promise<{ readonly info: ObjectInfo; readonly skew: number } | undefined> {
    const before = Date.now()
    const raw = await headRaw(this.requester, key, { signal: this.signal })
    if (raw === undefined) return undefined
    return { info: raw.info, skew: clockSkew(raw.response, before, Date.now()) }
  }

  /** The keys below a prefix, or of them those behind one, in the order in which the store tells them; at most `page` in one answer. */
  async listed(
    prefix: string,
    { after, page }: { readonly after?: string; readonly page?: string } = {},
  ): Promise<readonly string[]> {
    const keys: string[] = []
    const asked = {
      prefix: this.place.prefix + prefix,
      ...(after === undefined ? {} : { after: this.place.prefix + after }),
      ...(page === undefined ? {} : { page }),
    }
    for await (const { objects } of pagesOf(this.requester, asked, this.signal))
      for (const { key } of objects) keys.push(key.slice(this.place.prefix.length))
    return keys
  }

  /** Without a condition. Credentials that may not delete are told by `cleanUp`. */
  async delete(key: string, signal = this.signal): Promise<void> {
    try {
      await this.requester.sendOnly({ method: 'DELETE', key, signal })
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'forbidden') throw error
      this.#mayDelete = false
    }
  }

  /** False if the credentials may not delete. */
  async cleanUp(): Promise<boolean> {
    // Not the caller's signal: what the probe made must go, also when it was stopped.
    const signal = AbortSignal.timeout(20_000)
    for (const key of this.#made) await this.delete(key, signal).catch(() => undefined)
    return this.#mayDelete
  }
}
