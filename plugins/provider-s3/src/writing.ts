import { createHash } from 'node:crypto'
import {
  type ByteSource,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type ObjectMetadata,
  StorageError,
  type StorageErrorCode,
  type WriteOptions,
} from '@lsync/core/provider'
import { exactBytes, otherSize } from '@lsync/http'
import { writtenInfo } from './info.ts'
import { metadataHeaders } from './metadata.ts'
import { LARGEST_SINGLE } from './parts.ts'
import { headRaw } from './reading.ts'
import type { Requester, S3Response } from './request.ts'
import { isTombstone, TOMBSTONE_SIZE } from './tombstones.ts'

export function conditionHeaders(expect: Expect): Record<string, string> {
  return expect.kind === 'absent' ? { 'if-none-match': '*' } : { 'if-match': `"${expect.version}"` }
}

/** Up to so many bytes to compute a digest twice costs the store nothing that could be felt. */
const SIGNED = 16 * 1024

/** By which a body may be refused that would be taken if it were signed: some policies want that. */
export const UNSIGNED_REFUSED: ReadonlySet<StorageErrorCode> = new Set([
  'forbidden',
  'unauthenticated',
  'unsupported',
  'refused',
  'unexpected',
])

export interface PutOptions extends WriteOptions {
  /** Storage class and encryption. */
  readonly extra: Readonly<Record<string, string>>
  /** False only where the store is known to refuse right conditions, and somebody looked before. */
  readonly conditional?: boolean
}

/** One PUT under its condition. */
export async function putObject(
  requester: Requester,
  key: string,
  source: ByteSource,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal, expect, conditional = true } = options
  signal.throwIfAborted()
  if (source.size > LARGEST_SINGLE)
    throw new StorageError(
      'too-large',
      `${key} is larger than the 5 GB that one upload takes here`,
      { key },
    )
  if (source.bytes !== undefined && source.bytes.length !== source.size)
    throw otherSize(key, source)
  refuseTombstone(key, source)
  if (expect.kind === 'version' && isTombstone(expect.version))
    throw new StorageError('precondition-failed', `it is being removed: ${key}`, { key })
  const sha256 = sha256Of(source)
  const checksum = sha256 === undefined ? undefined : Buffer.from(sha256, 'hex').toString('base64')
  const isUnsigned =
    checksum !== undefined && source.size > SIGNED && requester.checksSha256 === 'yes'
  const mayBeTold = checksum !== undefined && requester.checksSha256 !== 'no'
  let response: S3Response
  try {
    response = await requester.sendOnly({
      method: 'PUT',
      key,
      headers: {
        ...metadataHeaders(options.metadata),
        ...options.extra,
        ...(conditional ? conditionHeaders(expect) : {}),
        // Also where it is signed: as a checksum the store keeps it, and gives it back from HEAD.
        ...(checksum === undefined ? {} : { 'x-amz-checksum-sha256': checksum }),
      },
      // An empty body must not be a stream, whose length nobody would send.
      body:
        source.bytes ?? (source.size === 0 ? new Uint8Array() : exactBytes(key, source, signal)),
      length: source.size,
      ...(sha256 === undefined || isUnsigned ? {} : { sha256 }),
      signal,
    })
  } catch (error) {
    if (isUnsigned && isStorageError(error) && UNSIGNED_REFUSED.has(error.code)) {
      requester.checksSha256 = 'no'
      return putObject(requester, key, source, options)
    }
    // A condition on a version that is gone altogether: S3 answers 404, where a store that has it says 412.
    if (isStorageError(error) && error.code === 'not-found' && expect.kind === 'version')
      throw new StorageError('precondition-failed', `it is gone: ${key}`, { key, cause: error })
    throw error
  }
  const told = response.headers['x-amz-checksum-sha256']
  // A line that mixes up its answers: what became of this write is unknown.
  if (checksum !== undefined && told !== undefined && told !== checksum)
    throw new StorageError('network', `the answer to the write of ${key} is that to another one`, {
      key,
    })
  const isChecked = told === checksum
  if (checksum !== undefined && requester.checksSha256 !== 'no')
    requester.checksSha256 = isChecked ? 'yes' : 'no'
  const isSure = !isUnsigned || isChecked
  // The store gave checksums back before, or nobody knows yet: this may be no answer of its own.
  if (isSure && mayBeTold && !isChecked)
    return confirm(requester, key, { ...source, sha256 }, options)
  const info = writtenInfo(key, source.size, isSure ? sha256 : undefined, response)
  if (isSure || !conditional || info === undefined)
    return info ?? confirm(requester, key, { ...source, sha256 }, options)
  // Another server than those before: what it has was not checked by anybody.
  return replaceSigned(requester, key, source, {
    ...options,
    expect: { kind: 'version', version: info.version },
  })
}

/** The same once more, over what was just written. That stands, whatever becomes of this: who writes must look. */
async function replaceSigned(
  requester: Requester,
  key: string,
  source: ByteSource,
  options: PutOptions,
): Promise<ObjectInfo> {
  try {
    return await putObject(requester, key, source, options)
  } catch (error) {
    if (!isStorageError(error) || error.code === 'bad-digest') throw error
    throw new StorageError('network', `it is not known what is stored: ${key}`, {
      key,
      cause: error,
    })
  }
}

/** Some servers answer a write without naming the version: then it is looked at. So may what is no store, and nothing was written: what is there must be just this. */
async function confirm(
  requester: Requester,
  key: string,
  wanted: { readonly size: number; readonly sha256: string | undefined },
  { metadata, signal }: PutOptions,
): Promise<ObjectInfo> {
  const found = await headRaw(requester, key, { signal })
  if (found === undefined || !isJust(found.info, wanted, metadata))
    throw new StorageError('network', `it is not known what is stored: ${key}`, { key })
  return found.info
}

function isJust(
  found: ObjectInfo,
  { size, sha256 }: { readonly size: number; readonly sha256: string | undefined },
  { user }: ObjectMetadata,
): boolean {
  const told = found.metadata?.user ?? {}
  const other = sha256 !== undefined && (found.digests.sha256 ?? sha256) !== sha256
  // What says something by not being there, too. Gateways may add names of their own.
  const names = [...Object.keys(user), 'executable', 'type']
  return found.size === size && !other && names.every((name) => user[name] === told[name])
}

function sha256Of({ digests, bytes }: ByteSource): string | undefined {
  return (
    digests.sha256 ??
    (bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex'))
  )
}

/** A file with exactly these bytes would read as absent: it cannot be kept here. */
function refuseTombstone(key: string, { size, bytes, digests }: ByteSource): void {
  if (size !== TOMBSTONE_SIZE) return
  const md5 = bytes === undefined ? digests.md5 : createHash('md5').update(bytes).digest('hex')
  if (md5 !== undefined && isTombstone(md5))
    throw new StorageError(
      'unsupported',
      `${key} has the content by which lsync marks a removal, so it cannot be kept there`,
      { key },
    )
}
