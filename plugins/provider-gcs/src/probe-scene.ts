import {
  bytesSource,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type ProbeOptions,
  type StorageErrorCode,
} from '@lsync/core/provider'
import { clockSkew, ProbeSteps } from '@lsync/http'
import { writeObject, type Writing } from './writing.ts'

export const ABSENT: Expect = { kind: 'absent' }
export const NO_METADATA = { user: {} }
/** By which servers say that they do not know what was asked of them. Not by failing: that may pass by itself, and says something only where it stays so (`ProbeScene.step`). */
export const ODD: ReadonlySet<string> = new Set<StorageErrorCode>([
  'unsupported',
  'refused',
  'unexpected',
  'upload-lost',
  'not-found',
])

/** Where a probe tries things, and the hands to do so; knows what it made. */
export class ProbeScene extends ProbeSteps {
  readonly writing: Writing
  readonly #made = new Set<string>()

  constructor(writing: Writing, options: ProbeOptions) {
    super(options)
    this.writing = writing
  }

  /** To be cleaned up, however it comes to be there. */
  made(key: string): void {
    this.#made.add(key)
  }

  /** False if the credentials may not delete. */
  async cleanUp(): Promise<boolean> {
    const { requester } = this.writing
    // Not the caller's signal: what the probe made must go, also when it was stopped.
    const signal = AbortSignal.timeout(20_000)
    let deletes = true
    for (const key of this.#made)
      await requester
        .sendOnly({ method: 'DELETE', path: requester.object(key), key, signal })
        .catch((error: unknown) => {
          if (isStorageError(error) && error.code === 'forbidden') deletes = false
        })
    return deletes
  }

  async put(key: string, text: string, expect: Expect, wrongChecksum = false): Promise<ObjectInfo> {
    this.made(key)
    return writeObject(this.writing, key, bytesSource(Buffer.from(text)), {
      signal: this.signal,
      expect,
      metadata: NO_METADATA,
      wrongChecksum,
    })
  }

  /** The key of an object that is there. */
  async written(): Promise<string> {
    const key = `${this.scratch}object`
    await this.put(key, 'one', ABSENT)
    return key
  }

  /** The version, and the store's clock minus ours, against the middle of the request. */
  async look(key: string): Promise<{ readonly version: string; readonly skew: number }> {
    const { requester } = this.writing
    const request = {
      method: 'GET',
      path: requester.object(key),
      key,
      signal: this.signal,
    } as const
    const before = Date.now()
    const response = await requester.send(request)
    const skew = clockSkew(response, before, Date.now())
    const { generation } = (await requester.document(response, request)) as { generation?: unknown }
    return { version: String(generation), skew }
  }

  /** True if it is refused because of its condition (or by another code that says the same). */
  async refuses(operation: () => Promise<unknown>, also?: StorageErrorCode): Promise<boolean> {
    try {
      await operation()
      return false
    } catch (error) {
      if (isStorageError(error) && (error.code === 'precondition-failed' || error.code === also))
        return true
      if (isStorageError(error) && ODD.has(error.code)) return false
      throw error
    }
  }

  /** False if it is refused although its condition holds. */
  async allows(operation: () => Promise<unknown>): Promise<boolean> {
    try {
      await operation()
      return true
    } catch (error) {
      if (isStorageError(error) && (error.code === 'precondition-failed' || ODD.has(error.code)))
        return false
      throw error
    }
  }
}

export function versionOf(version: string): Expect {
  return { kind: 'version', version }
}
