import { createHash, type Hash } from 'node:crypto'
import zlib from 'node:zlib'
import { type ByteSource, type CallOptions, type Digests, StorageError } from '@lsync/core/provider'
import type { Part, PartName } from './multipart.ts'
import type { Requester } from './request.ts'
import { bareEtag } from './xml.ts'

/** Up to here a part is held in memory while it is sent; above (files of more than 640 GB) it is read twice. */
const LARGEST_HELD = 64 * 1024 * 1024

/** A part as it is sent. */
export interface TakenPart {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  readonly length: number
  /** Base64. */
  readonly crc32: string
  /** In hex; of what the store will not check otherwise. */
  readonly sha256?: string
}

interface TakeOptions extends CallOptions {
  /** Bytes of the part. */
  readonly length: number
  /** The store was seen to check a part against its CRC32. */
  readonly isChecked: boolean
}

/**
 * Reads a part once before it is sent: its checksums go ahead of the bytes, which must be as many as announced, and those that were announced. What the
 * store will check against an announced CRC32 is not read for that.
 */
export async function taken(
  key: string,
  source: ByteSource,
  { length, isChecked, signal }: TakeOptions,
): Promise<TakenPart> {
  const { digests } = source
  const held =
    source.bytes ?? (length <= LARGEST_HELD ? await gathered(source, length, signal) : undefined)
  if (held?.length === length && isChecked && isCrc32Alone(digests))
    return { body: held, length, crc32: base64Of(digests.crc32) }
  const found = new PartDigests(!isChecked || digests.sha256 !== undefined)
  let received = 0
  for await (const chunk of held === undefined ? source.open(0, signal) : [held]) {
    signal.throwIfAborted()
    received += chunk.length
    found.update(chunk)
  }
  if (received !== length)
    throw new StorageError('bad-digest', `${key}: a part has ${received} bytes, not ${length}`, {
      key,
    })
  const { crc32, sha256 } = found.end()
  if (crc32 !== (digests.crc32 ?? crc32) || sha256 !== (digests.sha256 ?? sha256))
    throw new StorageError('bad-digest', `${key}: a part is not what was announced`, { key })
  return {
    body: held ?? source.open(0, signal),
    length,
    crc32: base64Of(crc32),
    ...(isChecked || sha256 === undefined ? {} : { sha256 }),
  }
}

function isCrc32Alone(digests: Digests): digests is Digests & { readonly crc32: string } {
  return digests.crc32 !== undefined && digests.sha256 === undefined
}

function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

/** Sends a part under its CRC32, and says what the store has then: with the checksum only where it took note of it. */
export async function putPart(
  requester: Requester,
  { key, uploadId, number }: PartName,
  { body, length, crc32, sha256 }: TakenPart,
  { signal }: CallOptions,
): Promise<Omit<Part, 'size'>> {
  const { headers } = await requester.sendOnly({
    method: 'PUT',
    key,
    query: { partNumber: String(number), uploadId },
    headers: { 'x-amz-checksum-crc32': crc32 },
    body,
    length,
    ...(sha256 === undefined ? {} : { sha256 }),
    signal,
  })
  const told = headers['x-amz-checksum-crc32']
  const etag = bareEtag(String(headers['etag'] ?? ''))
  // No answer of a store's: each part has one.
  if (etag === '') throw uncheckedPart(key)
  if (told !== undefined && told !== crc32) throw uncheckedPart(key)
  return {
    number,
    etag,
    // What the store did not take note of, it would refuse at the end.
    ...(told === undefined ? {} : { crc32 }),
  }
}

/** To be sent once more. */
export function uncheckedPart(key: string, cause?: unknown): StorageError {
  return new StorageError('network', `a part of ${key} did not arrive as it was sent`, {
    key,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Copied, since a source may use its buffer again for the next chunk. Not read on beyond `length`. */
async function gathered(
  source: ByteSource,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let received = 0
  for await (const chunk of source.open(0, signal)) {
    signal.throwIfAborted()
    chunks.push(Buffer.from(chunk))
    received += chunk.length
    if (received > length) break
  }
  return Buffer.concat(chunks)
}

class PartDigests {
  #crc32 = 0
  readonly #sha256: Hash | undefined

  constructor(withSha256: boolean) {
    this.#sha256 = withSha256 ? createHash('sha256') : undefined
  }

  update(chunk: Uint8Array): void {
    this.#crc32 = zlib.crc32(chunk, this.#crc32)
    this.#sha256?.update(chunk)
  }

  /** In hex. */
  end(): { readonly crc32: string; readonly sha256: string | undefined } {
    const crc32 = this.#crc32.toString(16).padStart(8, '0')
    return { crc32, sha256: this.#sha256?.digest('hex') }
  }
}
