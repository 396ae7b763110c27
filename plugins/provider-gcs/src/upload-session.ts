import {
  type ByteRange,
  type ByteSource,
  type CallOptions,
  isStorageError,
  type ObjectInfo,
  StorageError,
  type UploadSession,
  type UploadToken,
} from '@lsync/core/provider'
import { encodeCrc32c, hexCrc32c } from './crc32c.ts'
import { listedInfo } from './info.ts'
import type { GcsRequest, GcsResponse } from './request.ts'
import { RunningChecksum } from './running-checksum.ts'
import type { Writing } from './writing.ts'

const MIB = 1024 * 1024
/** Cloud Storage keeps multiples of this of an upload that is not whole yet. */
const QUANTUM = 256 * 1024
/** Above this size parts are larger: each one waits for the answer to the one before. */
const LARGE = 128 * MIB

function partSizeFor(size: number): number {
  return size > LARGE ? 32 * MIB : 8 * MIB
}

/** One upload session, from the notes on it. */
export class Session implements UploadSession {
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
  readonly #checksum: RunningChecksum

  constructor(writing: Writing, token: UploadToken) {
    this.#writing = writing
    this.#key = String(token['key'])
    this.#path = String(token['session'])
    this.#size = Number(token['size'])
    this.#sha256 = typeof token['sha256'] === 'string' ? token['sha256'] : undefined
    const crc = Number(token['crc32c'] ?? 0)
    const summed = Number(token['summed'] ?? 0)
    this.#checksum = new RunningChecksum(writing.crc32c, crc, summed, this.#sha256 !== undefined)
    this.partSize = partSizeFor(this.#size)
    const whole = this.#size >= 0 && summed >= 0 && Number.isInteger(crc)
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
      crc32c: this.#checksum.crc,
      summed: this.#checksum.summed,
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
        body: this.#bytes(source, from, { from: persisted, to: end }, signal),
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
    const { summed } = this.#checksum
    if (end >= to && (summed >= to || summed < from)) return
    const chunks: Uint8Array[] = []
    const rest = { from: Math.max(end, from), to }
    for await (const chunk of this.#bytes(source, from, rest, signal))
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
    const whole = this.#checksum.summed === this.#size
    if (whole && this.#checksum.isOtherThan(this.#sha256))
      throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
    const response = await this.#send({
      method: 'PUT',
      headers: {
        'content-range':
          this.#tail.length === 0
            ? `bytes */${this.#size}`
            : `bytes ${persisted}-${this.#size - 1}/${this.#size}`,
        // With the last bytes it is still in time for the store to refuse the whole.
        ...(whole ? { 'x-goog-hash': `crc32c=${encodeCrc32c(this.#checksum.crc)}` } : {}),
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
   * The bytes of a range of the object, of a source that begins at `base`, summed on the way where they follow on what was summed before; those that
   * the store has already, and that were not summed, are read for that alone.
   */
  async *#bytes(
    source: ByteSource,
    base: number,
    { from, to }: ByteRange,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const { summed } = this.#checksum
    let at = summed >= base && summed < from ? summed : from
    for await (const chunk of source.open(at - base, signal)) {
      signal.throwIfAborted()
      this.#checksum.take(chunk.subarray(0, Math.max(0, to - at)), at)
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

  /** A store that passed the checksum over. RACE: a reader may have met the wrong bytes in between; its own check of the digest refuses them. */
  async #checkWhole(info: ObjectInfo, signal: AbortSignal): Promise<void> {
    const { crc32c } = info.digests
    if (crc32c === undefined || crc32c === hexCrc32c(this.#checksum.crc)) return
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
