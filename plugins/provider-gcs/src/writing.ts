import { createHash, randomUUID } from 'node:crypto'
import {
  type ByteSource,
  type Expect,
  isStorageError,
  type ObjectInfo,
  StorageError,
  type WriteOptions,
} from '@lsync/core/provider'
import { exactBytes, otherSize } from '@lsync/http'
import { type Crc32c, encodeCrc32c } from './crc32c.ts'
import { listedInfo, resourceOf, UNKNOWN_TYPE, WRITTEN_FIELDS } from './info.ts'
import { isGeneration, otherVersion } from './reading.ts'
import type { Requester } from './request.ts'
import type { StoreSettings } from './settings.ts'

/** What every write needs. */
export interface Writing {
  readonly requester: Requester
  readonly crc32c: Crc32c
  readonly store: StoreSettings
}

/** 0 stands for "none is there". A version that cannot be a generation is not there, either. */
export function conditionOf(key: string, expect: Expect): { readonly ifGenerationMatch: string } {
  if (expect.kind === 'absent') return { ifGenerationMatch: '0' }
  if (!isGeneration(expect.version)) throw otherVersion(key)
  return { ifGenerationMatch: expect.version }
}

export function keyQuery({ kmsKey }: StoreSettings): { readonly kmsKeyName?: string } {
  return kmsKey === undefined ? {} : { kmsKeyName: kmsKey }
}

/** One request: resource and bytes together, with the checksum before them, so that the store keeps nothing that was damaged on the way. */
export async function writeObject(
  { requester, crc32c, store }: Writing,
  key: string,
  source: ByteSource,
  options: WriteOptions & { readonly wrongChecksum?: boolean },
): Promise<ObjectInfo> {
  const { signal, expect, metadata } = options
  signal.throwIfAborted()
  const condition = conditionOf(key, expect)
  const name = requester.name(key)
  const checksum = await checked(crc32c, key, source, signal)
  const boundary = `lsync-${randomUUID()}`
  const resource: Record<string, unknown> = {
    name,
    ...resourceOf(metadata, store.storageClass),
    crc32c: encodeCrc32c(options.wrongChecksum === true ? ~checksum : checksum),
  }
  const head = Buffer.from(
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(resource)}\r\n` +
      `--${boundary}\r\nContent-Type: ${headerType(resource['contentType'])}\r\n\r\n`,
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const request = {
    method: 'POST',
    path: requester.uploads(),
    key,
    query: {
      uploadType: 'multipart',
      fields: WRITTEN_FIELDS,
      prettyPrint: 'false',
      ...condition,
      ...keyQuery(store),
    },
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body:
      source.bytes === undefined
        ? joined(head, exactBytes(key, source, signal), tail)
        : Buffer.concat([head, source.bytes, tail]),
    length: head.length + source.size + tail.length,
    signal,
  } as const
  try {
    return listedInfo(key, await requester.json(request))
  } catch (error) {
    throw goneIsOther(key, expect, error)
  }
}

/** A condition on a version that is gone altogether may be answered by 404. */
export function goneIsOther(key: string, expect: Expect, error: unknown): unknown {
  return isStorageError(error) && error.code === 'not-found' && expect.kind === 'version'
    ? new StorageError('precondition-failed', `it is gone: ${key}`, { key, cause: error })
    : error
}

/** In the part's header as in the resource, but never what would break the header. */
function headerType(contentType: unknown): string {
  return typeof contentType === 'string' && /^[\x20-\x7e]+$/.test(contentType)
    ? contentType
    : UNKNOWN_TYPE
}

/** Reads the source once before it is sent: its checksum goes ahead of the bytes; and Cloud Storage checks no SHA-256, so that is done here. */
async function checked(
  crc32c: Crc32c,
  key: string,
  source: ByteSource,
  signal: AbortSignal,
): Promise<number> {
  const { size, digests, bytes } = source
  const sha256 = digests.sha256 === undefined ? undefined : createHash('sha256')
  let received = 0
  let crc = 0
  const take = (chunk: Uint8Array): void => {
    received += chunk.length
    crc = crc32c(chunk, crc)
    sha256?.update(chunk)
  }
  // What is in memory was hashed there: its checksum is all that is missing.
  if (bytes !== undefined) take(bytes)
  else
    for await (const chunk of source.open(0, signal)) {
      signal.throwIfAborted()
      take(chunk)
    }
  signal.throwIfAborted()
  if (received !== size) throw otherSize(key, source)
  if (sha256 !== undefined && sha256.digest('hex') !== digests.sha256)
    throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
  return crc
}

async function* joined(
  head: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncIterable<Uint8Array> {
  yield head
  yield* body
  yield tail
}
