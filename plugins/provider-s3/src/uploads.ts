import { createHash } from 'node:crypto'
import {
  type ByteRange,
  type ByteSource,
  type CallOptions,
  type Expect,
  isStorageError,
  type ObjectInfo,
  StorageError,
  type UploadSession,
  type Uploads,
  type UploadToken,
} from '@lsync/core/provider'
import type { Multipart, Part } from './multipart.ts'
import { partCountFor, partLength, partSizeFor } from './parts.ts'
import { headRaw, type Raw } from './reading.ts'
import type { Requester } from './request.ts'
import { putPart, taken, uncheckedPart } from './taken-part.ts'
import { isTombstone } from './tombstones.ts'
import { UNSIGNED_REFUSED } from './writing.ts'

/** A call that may take place under this condition only. */
export type Conditional = CallOptions & { readonly expect: Expect }

export interface UploadContext {
  readonly requester: Requester
  readonly multipart: Multipart
  /** Around the end of every upload: what must be looked at first, and what a refusal may have meant. */
  readonly guarded: <T>(
    key: string,
    options: Conditional,
    operation: () => Promise<T>,
  ) => Promise<T>
}

/** Uploads in parts: the parts by lean requests (with checksums, so the store checks them). */
export function uploadsOf(context: UploadContext, worthwhile: number): Uploads {
  const { multipart } = context
  return {
    worthwhile,
    crc32PartSize: partSizeFor,
    async begin(key, { signal, size, expect, metadata }) {
      const { uploadId } = await multipart.create(key, { metadata, checksums: true, signal })
      const token = { key, uploadId, size, checksum: CHECKSUM, ...tokenOf(expect) }
      return new Session(context, token, true)
    },
    async resume(token, options) {
      const session = new Session(context, token)
      // `upload-lost` if the store has forgotten it.
      await session.missing(options)
      return session
    },
    listPending: (options) => multipart.listUploads(options),
  }
}

class Session implements UploadSession {
  readonly token: UploadToken
  readonly partSize: number
  readonly parallel = true
  readonly #context: UploadContext
  readonly #key: string
  readonly #uploadId: string
  #isNew: boolean
  readonly #size: number
  readonly #parts = new Map<number, Omit<Part, 'size'>>()
  /**
   * Whether the store is seen to check the CRC32 of a part: from then on its sha256 need not be signed, which both sides would compute for nothing
   * else. Once seen not to, or to refuse what is not signed, it stays so. One that gives back what it was told, and checks nothing, is believed.
   */
  #checks: 'unknown' | 'yes' | 'no'

  /** `isNew`: there are no parts yet, which need not be asked. */
  constructor(context: UploadContext, token: UploadToken, isNew = false) {
    this.#context = context
    this.#isNew = isNew
    // Who can change what is on the line can make a CRC32, too.
    this.#checks = context.requester.isPrivate ? 'unknown' : 'no'
    this.token = token
    this.#key = String(token['key'])
    this.#uploadId = String(token['uploadId'])
    this.#size = Number(token['size'])
    this.partSize = partSizeFor(this.#size)
  }

  async missing(options: CallOptions): Promise<readonly ByteRange[]> {
    options.signal.throwIfAborted()
    const listed = this.#isNew ? [] : await this.#context.multipart.listParts(this.#name, options)
    this.#isNew = false
    const key = this.#key
    // Uploads that others began are listed without their size and condition, and their parts may have other checksums; they can only be given up.
    if (!Number.isSafeInteger(this.#size) || this.token['checksum'] !== CHECKSUM)
      throw new StorageError('upload-lost', `nobody knows how ${key} should become whole`, { key })
    // What the store does not list any more, it does not have.
    this.#parts.clear()
    for (const part of listed)
      if (part.size === partLength(this.#size, part.number)) this.#parts.set(part.number, part)
    const ranges: ByteRange[] = []
    for (let number = 1; number <= partCountFor(this.#size); number++) {
      const from = (number - 1) * this.partSize
      if (!this.#parts.has(number)) ranges.push({ from, to: from + partLength(this.#size, number) })
    }
    return ranges
  }

  async put({ from, to }: ByteRange, source: ByteSource, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted()
    const key = this.#key
    const number = Math.floor(from / this.partSize) + 1
    const length = to - from
    if (from % this.partSize !== 0 || length !== partLength(this.#size, number))
      throw new StorageError('unexpected', `${key}: ${from}-${to} is no part of the upload`, {
        key,
      })
    this.#isNew = false
    const taking = await taken(key, source, { length, isChecked: this.#checks === 'yes', signal })
    const isSigned = taking.sha256 !== undefined
    const name = { ...this.#name, number }
    const part = await putPart(this.#context.requester, name, taking, { signal }).catch(
      async (error: unknown) => {
        if (isSigned || !isStorageError(error)) throw error
        // One that is not what was announced never arrives as that: `bad-digest`. Versity's gateway stores it all the same, and tells its true checksum.
        const { body: bytes } = taking
        if (source.digests.crc32 !== undefined && bytes instanceof Uint8Array)
          await taken(key, { ...source, bytes }, { length, isChecked: false, signal })
        // Some policies refuse what is not signed.
        if (!UNSIGNED_REFUSED.has(error.code)) throw error
        this.#checks = 'no'
        throw uncheckedPart(key, error)
      },
    )
    if (part.crc32 === undefined) this.#checks = 'no'
    else if (this.#checks === 'unknown') this.#checks = 'yes'
    // Another server than the one that checked the part before.
    if (part.crc32 === undefined && !isSigned) throw uncheckedPart(key)
    this.#parts.set(number, part)
  }

  async commit({ signal }: CallOptions): Promise<ObjectInfo> {
    const { multipart, requester, guarded } = this.#context
    const key = this.#key
    const parts = [...this.#parts.values()]
    if (parts.length !== partCountFor(this.#size))
      throw new StorageError('unexpected', `parts of ${key} are missing`, { key })
    const options = { signal, expect: expectOf(this.token) }
    const etag = await guarded(key, options, () => multipart.complete(this.#name, parts, options))
    const whole = await confirm(requester, key, etag, options)
    checkWhole(key, whole, this.#size, parts)
    return whole.info
  }

  abort(options: CallOptions): Promise<void> {
    return this.#context.multipart.abort(this.#name, options)
  }

  get #name() {
    return { key: this.#key, uploadId: this.#uploadId }
  }
}

/** What stands there now, with its exact time. */
export async function confirm(
  requester: Requester,
  key: string,
  etag: string,
  options: CallOptions,
): Promise<Raw> {
  const now = await headRaw(requester, key, options)
  const version = now?.info.version ?? ''
  // Somebody was faster than our look: core finds out who won.
  if (now === undefined || isTombstone(version) || (etag !== '' && version !== etag))
    throw new StorageError('network', `${key} was replaced right after its upload`, { key })
  return now
}

/**
 * Where ETags are what they usually are, the whole must be made of just the parts that were sent. What a key of a KMS encrypts has others: what they are made of, nobody
 * promises.
 */
function checkWhole(
  key: string,
  { info, response }: Raw,
  size: number,
  parts: readonly Omit<Part, 'size'>[],
): void {
  const ordered = parts.toSorted((a, b) => a.number - b.number)
  const plain = ordered.every(({ etag }) => /^[0-9a-f]{32}$/.test(etag))
  const whole = createHash('md5')
  for (const { etag } of ordered) whole.update(etag, 'hex')
  const expected = `${whole.digest('hex')}-${ordered.length}`
  const encrypted = String(response.headers['x-amz-server-side-encryption']).startsWith('aws:kms')
  const comparable = plain && !encrypted && /^[0-9a-f]{32}-\d+$/.test(info.version)
  if (info.size !== size || (comparable && info.version !== expected))
    throw new StorageError('unexpected', `the store put ${key} together wrongly`, { key })
}

const CHECKSUM = 'CRC32'

function tokenOf(expect: Expect): Record<string, string> {
  return expect.kind === 'absent'
    ? { expect: 'absent' }
    : { expect: 'version', version: expect.version }
}

function expectOf(token: UploadToken): Expect {
  return token['expect'] === 'version'
    ? { kind: 'version', version: String(token['version']) }
    : { kind: 'absent' }
}
