import { createHash, type Hash } from 'node:crypto'
import {
  type ByteRange,
  type ByteSource,
  type CallOptions,
  type Digests,
  isStorageError,
  type ObjectInfo,
  StorageError,
  type UploadSession,
  type Uploads,
  type UploadToken,
} from '@lsync/core/provider'
import { encodeCrc32c } from './crc32c.ts'
import { listedInfo, resourceOf, WRITTEN_FIELDS } from './info.ts'
import type { GcsRequest, GcsResponse } from './request.ts'
import { conditionOf, goneIsOther, keyQuery, type Writing } from './writing.ts'

const MIB = 1024 * 1024
/** Cloud Storage keeps multiples of this of an upload that is not whole yet. */
const QUANTUM = 256 * 1024
/** From this size on files go up in parts. */
export const WORTHWHILE = 16 * MIB
/** Above this size parts are larger: each one waits for the answer to the one before. */
const LARGE = 128 * MIB

function partSizeFor(size: number): number {
  return size > LARGE ? 32 * MIB : 8 * MIB
}

/**
 * Resumable upload sessions. Their parts go one after the other, and the last of them makes the object; since that is for the commit to do, the
 * end of the file below a multiple of 256 KiB waits in memory for it. Sessions cannot be listed: Google drops them after a week.
 */
export function uploadsOf(writing: Writing): Uploads {
  return {
    worthwhile: WORTHWHILE,
    async begin(key, { signal, size, digests, expect, metadata }) {
      const { requester, store } = writing
      const response = await requester
        .sendOnly({
          method: 'POST',
          path: requester.uploads(),
          key,
          query: {
            uploadType: 'resumable',
            name: requester.name(key),
            fields: WRITTEN_FIELDS,
            ...conditionOf(key, expect),
            ...keyQuery(store),
          },
          headers: { 'content-type': 'application/json; charset=UTF-8' },
          body: JSON.stringify({
            ...resourceOf(metadata, store.storageClass),
            ...checksumOf(digests),
          }),
          signal,
        })
        .catch((error: unknown) => {
          throw goneIsOther(key, expect, error)
        })
      const { location: told } = response.headers
      const location = typeof told === 'string' ? URL.parse(told, 'https://any') : null
      if (location === null)
        throw new StorageError('unexpected', `the store began no upload: ${key}`, { key })
      const { sha256 } = digests
      return new Session(writing, {
        key,
        session: location.pathname + location.search,
        size,
        ...(sha256 === undefined ? {} : { sha256 }),
      })
    },
    async resume(token, options) {
      const session = new Session(writing, token)
      // `upload-lost` if the store has forgotten it.
      await session.ask(options)
      return session
    },
    async *listPending() {},
  }
}

function checksumOf({ crc32c }: Digests): { readonly crc32c?: string } {
  return crc32c === undefined ? {} : { crc32c: Buffer.from(crc32c, 'hex').toString('base64') }
}

class Session implements UploadSession {
  readonly partSize: number
  readonly parallel = false
  readonly #writing: Writing
  readonly #key: string
  /** Path and query only: a token must not lead requests, and what they carry, to another server. */
  readonly #path: string
  readonly #size: number
  readonly #sha256: string | undefined
  /** Bytes that the store has for certain; undefined where an answer was lost. */
  #persisted: number | undefined = 0
  /** What stands behind them, below a multiple of the quantum. */
  #tail: Buffer = Buffer.alloc(0)
  #done: ObjectInfo | undefined
  /** Of the bytes up to `#summed`. */
  #crc: number
  #summed: number
  #hash: Hash | undefined

  constructor(writing: Writing, token: UploadToken) {
    this.#writing = writing
    this.#key = String(token['key'])
    this.#path = String(token['session'])
    this.#size = Number(token['size'])
    this.#sha256 = typeof token['sha256'] === 'string' ? token['sha256'] : undefined
    this.#crc = Number(token['crc32c'] ?? 0)
    this.#summed = Number(token['summed'] ?? 0)
    if (this.#summed === 0 && this.#sha256 !== undefined) this.#hash = createHash('sha256')
    this.partSize = partSizeFor(this.#size)
    const whole = this.#size >= 0 && this.#summed >= 0 && Number.isInteger(this.#crc)
    if (!whole || !this.#path.startsWith('/upload/'))
      throw new StorageError('upload-lost', `${this.#key}: the notes on its upload make no sense`, {
        key: this.#key,
      })
  }

  /** Grows with the upload: the checksum goes along, so that another process can have the whole checked. */
  get token(): UploadToken {
    return {
      key: this.#key,
      session: this.#path,
      size: this.#size,
      ...(this.#sha256 === undefined ? {} : { sha256: this.#sha256 }),
      crc32c: this.#crc,
      summed: this.#summed,
    }
  }

  async missing(options: CallOptions): Promise<readonly ByteRange[]> {
    options.signal.throwIfAborted()
    const ranges: ByteRange[] = []
    const persisted = this.#persisted ?? (await this.ask(options))
    for (let from = persisted + this.#tail.length; from < this.#size;) {
      const to = Math.min(from - (from % this.partSize) + this.partSize, this.#size)
      ranges.push({ from, to })
      from = to
    }
    return ranges
  }

  /** Asks the store how far the upload is. An upload that another process has ended is known by that. */
  async ask({ signal }: CallOptions): Promise<number> {
    this.#tail = Buffer.alloc(0)
    const response = await this.#send({
      method: 'PUT',
      headers: { 'content-range': 'bytes */*' },
      body: new Uint8Array(),
      signal,
    })
    return this.#take(response, signal)
  }

  async put(range: ByteRange, source: ByteSource, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted()
    const { from, to } = range
    const key = this.#key
    let persisted = this.#persisted ?? (await this.ask({ signal }))
    if (this.#done !== undefined) return
    if (from > persisted || from >= to || to > this.#size)
      throw new StorageError('unexpected', `${key}: ${from}-${to} is not what comes next`, { key })
    const last = to === this.#size
    const end = last ? to - (to % QUANTUM) : to
    while (persisted < end) {
      const response = await this.#send({
        method: 'PUT',
        headers: { 'content-range': `bytes ${persisted}-${end - 1}/*` },
        body: this.#bytes(source, from, persisted, end, signal),
        length: end - persisted,
        signal,
      })
      const now = await this.#take(response, signal)
      if (this.#done !== undefined) return
      // It may keep less than was sent, but not nothing.
      if (now <= persisted)
        throw new StorageError('network', `${key}: the store keeps nothing of what was sent`, {
          key,
        })
      persisted = now
    }
    // The end that the commit sends; and what the store had before it was summed here.
    if (end >= to && (this.#summed >= to || this.#summed < from)) return
    const chunks: Uint8Array[] = []
    for await (const chunk of this.#bytes(source, from, Math.max(end, from), to, signal))
      chunks.push(Uint8Array.from(chunk))
    this.#tail = Buffer.concat(chunks)
  }

  async commit({ signal }: CallOptions): Promise<ObjectInfo> {
    signal.throwIfAborted()
    const key = this.#key
    const persisted = this.#persisted ?? (await this.#asked(signal))
    if (this.#done !== undefined) return this.#done
    if (persisted + this.#tail.length !== this.#size)
      throw new StorageError('unexpected', `parts of ${key} are missing`, { key })
    const whole = this.#summed === this.#size
    if (whole && this.#hash !== undefined && this.#hash.copy().digest('hex') !== this.#sha256)
      throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
    const response = await this.#send({
      method: 'PUT',
      headers: {
        'content-range':
          this.#tail.length === 0
            ? `bytes */${this.#size}`
            : `bytes ${persisted}-${this.#size - 1}/${this.#size}`,
        // With the last bytes it is still in time for the store to refuse the whole.
        ...(whole ? { 'x-goog-hash': `crc32c=${encodeCrc32c(this.#crc)}` } : {}),
      },
      body: this.#tail,
      signal,
    })
    await this.#take(response, signal)
    if (this.#done === undefined)
      throw new StorageError('network', `${key}: the store still waits for bytes`, { key })
    if (whole) await this.#checkWhole(this.#done, signal)
    return this.#done
  }

  async abort({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted()
    if (this.#done !== undefined) return
    try {
      await this.#send({ method: 'DELETE', signal })
    } catch (error) {
      // Given up or forgotten before, or ended: then there is nothing to give up. Google answers 499 to a session that it gave up just now.
      if (!isStorageError(error) || !/^(upload-lost|unexpected)$/.test(error.code)) throw error
    }
  }

  /** As `ask`, but keeps the tail where the store still waits for just that. */
  async #asked(signal: AbortSignal): Promise<number> {
    const tail = this.#tail
    const persisted = await this.ask({ signal })
    if (persisted + tail.length === this.#size) this.#tail = tail
    return persisted
  }

  async #send(
    request: Pick<GcsRequest, 'method' | 'headers' | 'body' | 'length' | 'signal'>,
  ): Promise<GcsResponse> {
    this.#persisted = undefined
    try {
      return await this.#writing.requester.send({ ...request, path: this.#path, key: this.#key })
    } catch (error) {
      // Of a session, not of the object.
      if (isStorageError(error) && error.code === 'not-found')
        throw new StorageError('upload-lost', error.message, { key: this.#key, cause: error })
      throw error
    }
  }

  /** How far the upload is, by any answer of its session. */
  async #take(response: GcsResponse, signal: AbortSignal): Promise<number> {
    const { requester } = this.#writing
    const request = { method: 'PUT', path: this.#path, key: this.#key, signal } as const
    if (response.status === 308) {
      await requester.drain(response, request)
      const end = /^bytes=0-(\d+)$/.exec(String(response.headers['range'] ?? ''))?.[1]
      this.#persisted = end === undefined ? 0 : Number(end) + 1
      return this.#persisted
    }
    const info = listedInfo(this.#key, await requester.document(response, request))
    this.#done = info
    this.#persisted = this.#size
    this.#tail = Buffer.alloc(0)
    return this.#size
  }

  /**
   * The bytes from `from` to `to` of a source that begins at `base`, summed on the way where they follow on what was summed before; those that
   * the store has already, and that were not summed, are read for that alone.
   */
  async *#bytes(
    source: ByteSource,
    base: number,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const behind = this.#summed >= base && this.#summed < from
    let at = behind ? this.#summed : from
    for await (const chunk of source.open(at - base, signal)) {
      signal.throwIfAborted()
      this.#sum(chunk.subarray(0, Math.max(0, to - at)), at)
      const inside = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at))
      at += chunk.length
      if (inside.length > 0) yield inside
      if (at >= to && to < base + source.size) return
    }
    if (at !== to)
      throw new StorageError(
        'bad-digest',
        `${this.#key}: a part has ${at - base} bytes, not ${to - base}`,
        { key: this.#key },
      )
  }

  #sum(chunk: Uint8Array, at: number): void {
    if (at > this.#summed || at + chunk.length <= this.#summed) return
    const fresh = chunk.subarray(this.#summed - at)
    this.#crc = this.#writing.crc32c(fresh, this.#crc)
    this.#hash?.update(fresh)
    this.#summed += fresh.length
  }

  /** A store that passed the checksum over. RACE: a reader may have met the wrong bytes in between; its own check of the digest refuses them. */
  async #checkWhole(info: ObjectInfo, signal: AbortSignal): Promise<void> {
    const { crc32c } = info.digests
    if (crc32c === undefined || crc32c === (this.#crc >>> 0).toString(16).padStart(8, '0')) return
    const { requester } = this.#writing
    await requester.sendOnly({
      method: 'DELETE',
      path: requester.object(this.#key),
      key: this.#key,
      query: { ifGenerationMatch: info.version },
      signal,
    })
    throw new StorageError('bad-digest', `${this.#key}: the store put other bytes together`, {
      key: this.#key,
    })
  }
}
