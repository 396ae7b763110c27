import {
  type CallOptions,
  isStorageError,
  type ObjectBody,
  type ObjectInfo,
  type ObjectMetadata,
  type ReadOptions,
  StorageError,
} from '@lsync/core/provider'
import { releasedOnReturn } from '@lsync/http'
import { chunksOf, type Coming, damaged, torn } from './coming.ts'
import { type Crc32c, hexCrc32c } from './crc32c.ts'
import { FIELDS, fullInfo } from './info.ts'
import type { GcsResponse, Requester } from './request.ts'

type FullInfo = ObjectInfo & { readonly metadata: ObjectMetadata }

interface Options extends ReadOptions {
  /** Whether the version may be one that was overwritten or removed. */
  readonly earlier?: boolean
}

/** Of a read: what is remembered of the object, and the question that is under way, where that may not be it. */
interface Metadata {
  readonly known: FullInfo | undefined
  readonly asked: Promise<FullInfo> | undefined
}

/** Objects whose metadata is remembered: an object that is read in ranges is asked for it once. */
const REMEMBERED = 64

/** Reads objects. The answer to a read carries the bytes but not the metadata, which is asked for beside it. */
export class Reader {
  readonly #requester: Requester
  readonly #crc32c: Crc32c
  /** By key; each holds for one generation and metageneration. */
  readonly #known = new Map<string, FullInfo>()

  constructor(requester: Requester, crc32c: Crc32c) {
    this.#requester = requester
    this.#crc32c = crc32c
  }

  async head(key: string, options: CallOptions): Promise<FullInfo | undefined> {
    try {
      return await this.#info(key, options)
    } catch (error) {
      if (isStorageError(error) && error.code === 'not-found') return undefined
      throw error
    }
  }

  /** A version that is there still, or that the bucket has kept. */
  readEarlier(
    key: string,
    options: CallOptions & { readonly version: string },
  ): Promise<ObjectBody> {
    if (!isGeneration(options.version)) return Promise.reject(noSuchVersion(key))
    return this.read(key, { ...options, earlier: true })
  }

  async read(key: string, options: Options): Promise<ObjectBody> {
    const { signal, version, from = 0, length } = options
    signal.throwIfAborted()
    if (version !== undefined && !isGeneration(version)) throw otherVersion(key)
    if (length === 0) return this.#nothing(key, options)
    // One that is given up takes the other with it.
    const stop = new AbortController()
    const both = AbortSignal.any([signal, stop.signal])
    const known = this.#known.get(key)
    const asked =
      version !== undefined && known?.version === version
        ? undefined
        : this.#info(key, { ...options, signal: both })
    asked?.catch(() => undefined)
    let response: GcsResponse
    try {
      response = await this.#media(key, { ...options, signal })
    } catch (error) {
      stop.abort()
      // A range that begins behind the end, or any range of nothing.
      if (isStorageError(error) && error.detail?.startsWith('status 416') === true)
        return this.#nothing(key, options)
      throw await this.#pinned(key, options, error)
    }
    if (version === undefined && asked !== undefined && generationOf(response) === undefined)
      return this.#named(key, options, { asked, response })
    try {
      const info = await this.#matching(key, response, { known, asked }, options)
      const ranged = from > 0 || length !== undefined
      const start = /^bytes (\d+)-/.exec(String(response.headers['content-range'] ?? ''))?.[1]
      if (ranged && (response.status !== 206 || Number(start) !== from))
        throw new StorageError('unexpected', `the store ignores ranges: ${key}`, { key })
      const expected = Math.min(info.size - from, length ?? Number.POSITIVE_INFINITY)
      // The checksum is the whole object's.
      const crc32c = ranged ? undefined : info.digests.crc32c
      const { host } = this.#requester
      const coming: Coming = { host, key, response, expected, crc32c, signal }
      const { whole } = response.body
      if (whole === undefined)
        return { info, body: releasedOnReturn(response.body, chunksOf(coming, this.#crc32c)) }
      if (whole.length !== expected) throw torn(coming, whole.length)
      if (crc32c !== undefined && hexCrc32c(this.#crc32c(whole, 0)) !== crc32c)
        throw damaged(coming, 'network')
      return { info, body: response.body, bytes: whole }
    } catch (error) {
      stop.abort()
      response.body.destroy()
      throw error
    }
  }

  async #info(key: string, { signal, version, earlier }: Options): Promise<FullInfo> {
    const info = fullInfo(
      key,
      await this.#requester.json({
        method: 'GET',
        path: this.#requester.object(key),
        key,
        query: { fields: FIELDS, ...pinOf(version, earlier) },
        signal,
      }),
    )
    this.#known.delete(key)
    this.#known.set(key, info)
    for (const oldest of this.#known.keys())
      if (this.#known.size > REMEMBERED) this.#known.delete(oldest)
      else break
    return info
  }

  #media(
    key: string,
    { signal, version, earlier, from = 0, length, memory }: Options,
  ): Promise<GcsResponse> {
    const to = length === undefined ? '' : String(from + length - 1)
    return this.#requester.send({
      method: 'GET',
      path: this.#requester.object(key),
      key,
      query: { alt: 'media', ...pinOf(version, earlier) },
      headers: {
        // Else what is stored compressed would come unpacked, with another length and checksum.
        'accept-encoding': 'gzip',
        ...(from > 0 || length !== undefined ? { range: `bytes=${from}-${to}` } : {}),
      },
      memory,
      signal,
    })
  }

  /** Where an answer does not say which generation it sends, since a proxy takes that header away, the present one is asked for by its name. */
  async #named(
    key: string,
    options: Options,
    { asked, response }: { readonly asked: Promise<FullInfo>; readonly response: GcsResponse },
  ): Promise<ObjectBody> {
    const { whole } = response.body
    if (whole === undefined) response.body.destroy()
    else options.memory?.giveBack(whole)
    const { version } = await asked
    try {
      return await this.read(key, { ...options, version })
    } catch (error) {
      throw isStorageError(error) && GONE.has(error.code) ? replaced(key) : error
    }
  }

  /** The metadata of just the state whose bytes are coming. */
  async #matching(
    key: string,
    response: GcsResponse,
    { known, asked }: Metadata,
    { signal, version, earlier = false }: Options,
  ): Promise<FullInfo> {
    const generation = generationOf(response) ?? version ?? ''
    const metageneration = String(response.headers['x-goog-metageneration'] ?? '')
    const isIt = (info: FullInfo | undefined): info is FullInfo =>
      info !== undefined &&
      info.version === generation &&
      (metageneration === '' || info.fingerprint === `${generation}.${metageneration}`)
    if (version !== undefined && generation !== version) throw otherVersion(key)
    if (isIt(known)) return known
    if (asked !== undefined) {
      const info = await asked.catch((error: unknown) => {
        // Gone or replaced since: the bytes that come are of a state that is no more, which the second question says.
        if (isStorageError(error) && GONE.has(error.code)) return undefined
        throw error
      })
      if (isIt(info)) return info
    }
    try {
      const info = await this.#info(key, { signal, version: generation, earlier })
      // Metadata alone may change between the two answers: then the later one holds.
      if (info.version === generation) return info
    } catch (error) {
      if (!isStorageError(error) || !GONE.has(error.code)) throw error
    }
    if (version !== undefined) throw otherVersion(key)
    throw replaced(key)
  }

  /** Of a version that is not the present one, some servers say that there is no such object. */
  async #pinned(
    key: string,
    { signal, version, earlier }: Options,
    error: unknown,
  ): Promise<unknown> {
    if (
      version === undefined ||
      earlier === true ||
      !isStorageError(error) ||
      error.code !== 'not-found'
    )
      return error
    return (await this.head(key, { signal })) === undefined ? error : otherVersion(key)
  }

  async #nothing(key: string, options: ReadOptions): Promise<ObjectBody> {
    const info = await this.head(key, { signal: options.signal })
    if (info === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
    if (options.version !== undefined && options.version !== info.version) throw otherVersion(key)
    if (options.length !== 0 && (options.from ?? 0) < info.size)
      throw new StorageError('network', `${key} changed while it was read`, { key })
    return { info, body: nothing() }
  }
}

const GONE: ReadonlySet<string> = new Set(['not-found', 'precondition-failed'])

async function* nothing(): AsyncIterable<Uint8Array> {}

/** The live version must be this one: with the condition, also where a bucket keeps earlier ones; with the pin, where a server knows no condition on reads. */
function pinOf(version: string | undefined, earlier = false): Record<string, string> {
  if (version === undefined) return {}
  return { generation: version, ...(earlier ? {} : { ifGenerationMatch: version }) }
}

/** 0 stands for "none" in a condition. */
export function isGeneration(version: string): boolean {
  return /^[1-9]\d*$/.test(version)
}

function generationOf({ headers }: GcsResponse): string | undefined {
  const told = headers['x-goog-generation']
  return told === undefined ? undefined : String(told)
}

function replaced(key: string): StorageError {
  return new StorageError('network', `${key} was replaced while it was read`, { key })
}

function noSuchVersion(key: string): StorageError {
  return new StorageError('not-found', `the bucket has not kept that version: ${key}`, { key })
}

export function otherVersion(key: string): StorageError {
  return new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}
