import {
  bytesSource,
  type CallOptions,
  type Expect,
  type Guarantees,
  isStorageError,
  type ObjectInfo,
  type ProbeReport,
  type StorageErrorCode,
} from '@lsync/core/provider'
import { clockSkew } from '@lsync/http'
import type { BucketFacts } from './client.ts'
import { copyOf } from './copy.ts'
import { findingsOf, type Found } from './findings.ts'
import { listObjects } from './listing.ts'
import { uploadsOf } from './uploads.ts'
import { writeObject, type Writing } from './writing.ts'

const ABSENT: Expect = { kind: 'absent' }
/** Of no object. */
const STALE = '1'
const NO_METADATA = { user: {} }
/** By which servers say that they do not know what was asked of them. */
const ODD: ReadonlySet<string> = new Set<StorageErrorCode>([
  'unsupported',
  'refused',
  'unexpected',
  'server',
  'upload-lost',
  'not-found',
])
/** What an unfinished upload session keeps at least. */
const QUANTUM = 256 * 1024

/** Tries, operation by operation, what this endpoint honours; cleans up after itself. `forbidden` without the right to write. */
export async function probeBucket(
  writing: Writing,
  facts: (signal: AbortSignal) => Promise<BucketFacts>,
  { signal, scratch }: CallOptions & { readonly scratch: string },
): Promise<ProbeReport> {
  const probe = new Probe(writing, scratch, signal)
  let seen: Seen
  let deletes = false
  try {
    seen = await probe.run()
  } finally {
    deletes = await probe.cleanUp()
  }
  const found: Found = { ...seen, ...(await facts(signal)), deletes }
  return {
    guarantees: guaranteesOf(found),
    listsFolders: found.folders,
    ...(Number.isFinite(found.skew) ? { clockSkew: found.skew } : {}),
    ...(found.versioning === undefined ? {} : { versioning: found.versioning }),
    traits: { host: writing.requester.host },
    findings: findingsOf(found),
  }
}

type Seen = Omit<Found, 'deletes' | keyof BucketFacts>

function guaranteesOf({ create, replace, remove, commit, copy }: Found): Guarantees {
  return {
    create: create ? 'atomic' : 'checked',
    replace: replace ? 'atomic' : 'checked',
    remove: remove ? 'atomic' : 'checked',
    commit: commit ? 'atomic' : 'none',
    copy: copy ? 'atomic' : 'none',
  }
}

class Probe {
  readonly #writing: Writing
  readonly #scratch: string
  readonly #signal: AbortSignal
  readonly #made = new Set<string>()

  constructor(writing: Writing, scratch: string, signal: AbortSignal) {
    this.#writing = writing
    this.#scratch = scratch
    this.#signal = signal
  }

  async run(): Promise<Seen> {
    const object = `${this.#scratch}object`
    const first = await this.#put(object, 'one', ABSENT)
    const create = await this.#refuses(() => this.#put(object, 'two', ABSENT))
    const staleRefused = await this.#refuses(() => this.#put(object, 'three', versionOf(STALE)))
    const { version, skew } = (await this.#look(object)) ?? {
      version: first.version,
      skew: Number.NaN,
    }
    const replace =
      staleRefused && (await this.#allows(() => this.#put(object, 'four', versionOf(version))))
    return {
      create,
      replace,
      remove: await this.#removes(),
      copy: await this.#copies(object),
      commit: await this.#uploads(),
      checksums: await this.#checksBytes(),
      folders: await this.#listsFolders(),
      skew,
    }
  }

  /** False if the credentials may not delete. */
  async cleanUp(): Promise<boolean> {
    const { requester } = this.#writing
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

  async #put(
    key: string,
    text: string,
    expect: Expect,
    wrongChecksum = false,
  ): Promise<ObjectInfo> {
    this.#made.add(key)
    return writeObject(this.#writing, key, bytesSource(Buffer.from(text)), {
      signal: this.#signal,
      expect,
      metadata: NO_METADATA,
      wrongChecksum,
    })
  }

  /** The version, and the store's clock minus ours, against the middle of the request. */
  async #look(
    key: string,
  ): Promise<{ readonly version: string; readonly skew: number } | undefined> {
    const { requester } = this.#writing
    const request = {
      method: 'GET',
      path: requester.object(key),
      key,
      signal: this.#signal,
    } as const
    const before = Date.now()
    const response = await requester.send(request)
    const skew = clockSkew(response, before, Date.now())
    const { generation } = (await requester.document(response, request)) as { generation?: unknown }
    return { version: String(generation), skew }
  }

  /** A wrong condition is refused, and a right one is not: only then can removals rest on it. */
  async #removes(): Promise<boolean> {
    const key = `${this.#scratch}removed`
    const { version } = await this.#put(key, 'x', ABSENT)
    const { requester } = this.#writing
    const remove = (ifGenerationMatch: string) => () =>
      requester.sendOnly({
        method: 'DELETE',
        path: requester.object(key),
        key,
        query: { ifGenerationMatch },
        signal: this.#signal,
      })
    return (await this.#refuses(remove(STALE))) && (await this.#allows(remove(version)))
  }

  async #copies(from: string): Promise<boolean> {
    const to = `${this.#scratch}copy`
    const copy = copyOf(this.#writing)
    const version = (await this.#look(from))?.version ?? STALE
    this.#made.add(to)
    const attempt = (source: string, expect: Expect) => () =>
      copy({ key: from, version: source }, to, {
        signal: this.#signal,
        expect,
        metadata: NO_METADATA,
        size: 4,
      })
    return (
      (await this.#refuses(attempt(STALE, ABSENT), 'not-found')) &&
      (await this.#allows(attempt(version, ABSENT))) &&
      (await this.#refuses(attempt(version, ABSENT))) &&
      (await this.#refuses(attempt(version, versionOf(STALE))))
    )
  }

  /** A session goes on by its token alone, knows how much it has, is refused where another was faster, and is not where its condition holds. */
  async #uploads(): Promise<boolean> {
    const key = `${this.#scratch}upload`
    const uploads = uploadsOf(this.#writing)
    const bytes = Buffer.alloc(QUANTUM + 1)
    const signal = this.#signal
    this.#made.add(key)
    const begin = (expect: Expect) =>
      uploads.begin(key, { signal, size: bytes.length, digests: {}, expect, metadata: NO_METADATA })
    try {
      const first = await begin(ABSENT)
      await first.put({ from: 0, to: bytes.length }, bytesSource(bytes), { signal })
      const resumed = await uploads.resume(first.token, { signal })
      const [range] = await resumed.missing({ signal })
      if (range?.from !== QUANTUM) return false
      await resumed.put(range, bytesSource(bytes.subarray(QUANTUM)), { signal })
      const { version } = await this.#put(key, 'another was faster', ABSENT)
      if (!(await this.#refuses(() => resumed.commit({ signal })))) return false
      const second = await begin(versionOf(version))
      await second.put({ from: 0, to: bytes.length }, bytesSource(bytes), { signal })
      return await this.#allows(() => second.commit({ signal }))
    } catch (error) {
      if (isStorageError(error) && (ODD.has(error.code) || error.code === 'precondition-failed'))
        return false
      throw error
    }
  }

  /** Bytes that are not what was announced. */
  async #checksBytes(): Promise<boolean> {
    try {
      await this.#put(`${this.#scratch}checksum`, 'right', ABSENT, true)
      return false
    } catch (error) {
      if (isStorageError(error) && (error.code === 'bad-digest' || ODD.has(error.code))) return true
      throw error
    }
  }

  async #listsFolders(): Promise<boolean> {
    const key = `${this.#scratch}folder/`
    try {
      await this.#put(key, '', ABSENT)
    } catch (error) {
      if (isStorageError(error) && (ODD.has(error.code) || error.code === 'bad-key')) return false
      throw error
    }
    const pages = listObjects(
      this.#writing.requester,
      { prefix: this.#scratch },
      { signal: this.#signal },
    )
    for await (const page of pages) if (page.some((info) => info.key === key)) return true
    return false
  }

  /** True if it is refused because of its condition (or by another code that says the same). */
  async #refuses(operation: () => Promise<unknown>, also?: StorageErrorCode): Promise<boolean> {
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
  async #allows(operation: () => Promise<unknown>): Promise<boolean> {
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

function versionOf(version: string): Expect {
  return { kind: 'version', version }
}
