import {
  type CallOptions,
  isStorageError,
  isTemporary,
  type ObjectBody,
  type ObjectInfo,
  type ReadOptions,
  StorageError,
} from '@lsync/core/provider'
import { releasedOnReturn } from '@lsync/http'
import { connectionError } from './errors.ts'
import { headerInfo } from './info.ts'
import { isBareRefusal, isNotTaken, withoutChecksums } from './refused-headers.ts'
import type { Requester, S3Response } from './request.ts'
import { isTombstone } from './tombstones.ts'

export interface Raw {
  readonly info: ObjectInfo
  readonly response: S3Response
}

/** The object as it is, tombstones too. */
export async function headRaw(
  requester: Requester,
  key: string,
  { signal }: CallOptions,
): Promise<Raw | undefined> {
  const isPlain = requester.refused.has('checksums')
  try {
    const response = await requester.sendOnly({
      method: 'HEAD',
      key,
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
      signal,
    })
    return { info: headerInfo(key, response), response }
  } catch (error) {
    if (isStorageError(error) && error.code === 'not-found') return undefined
    const isDoubtful = isTemporary(error) && error.detail === 'status 404'
    if (!isDoubtful && !isBareRefusal(error)) throw error
    // For a key that is too long, a token that ended, or a header that the store does not take; or an absence that is perhaps no word of the store's.
    if (!(await hasObject(requester, key, signal))) return undefined
    if (isPlain || isDoubtful) throw error
    return withoutChecksums(requester, error, () => headRaw(requester, key, { signal }))
  }
}

/** By a GET, whose refusal says the reason: then that is thrown. */
async function hasObject(requester: Requester, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    const range = { range: 'bytes=0-0' }
    const { body } = await requester.send({ method: 'GET', key, headers: range, signal })
    body.destroy()
    return true
  } catch (error) {
    if (!isStorageError(error)) throw error
    if (error.code === 'not-found') return false
    if (isBehindTheEnd(error)) return true
    throw error
  }
}

function isBehindTheEnd(error: unknown): boolean {
  return isStorageError(error) && error.detail?.startsWith('status 416') === true
}

export async function headObject(
  requester: Requester,
  key: string,
  options: CallOptions,
): Promise<ObjectInfo | undefined> {
  const found = await headRaw(requester, key, options)
  return found === undefined || isTombstone(found.info.version) ? undefined : found.info
}

export async function readObject(
  requester: Requester,
  key: string,
  options: ReadOptions,
  /** One that was overwritten, by the name that the store keeps it by. */
  historyId?: string,
): Promise<ObjectBody> {
  const { signal, version, from = 0, length } = options
  if (length === 0) return nothingOf(requester, key, options)
  const ranged = from > 0 || length !== undefined
  const to = length === undefined ? '' : String(from + length - 1)
  const ask = (): Promise<S3Response> =>
    requester.send({
      method: 'GET',
      key,
      ...(historyId === undefined ? {} : { query: { versionId: historyId } }),
      headers: {
        // Of a range, some servers tell the checksum of the range, or of a part: it would be taken for the object's.
        ...(ranged ? { range: `bytes=${from}-${to}` } : { 'x-amz-checksum-mode': 'ENABLED' }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      signal,
      memory: options.memory,
    })
  const isPlain = ranged || requester.refused.has('checksums')
  let response: S3Response
  try {
    response = await ask().catch((error: unknown) => {
      if (isPlain || !isNotTaken(error)) throw error
      return withoutChecksums(requester, error, ask)
    })
  } catch (error) {
    // A range that begins behind the end, or any range of nothing.
    if (isBehindTheEnd(error)) return nothingOf(requester, key, options)
    throw error
  }
  try {
    const info = headerInfo(key, response)
    checkVersion(key, info, version)
    const start = /^bytes (\d+)-/.exec(String(response.headers['content-range'] ?? ''))?.[1]
    if (ranged && (response.status !== 206 || Number(start) !== from))
      throw new StorageError('unexpected', `the store ignores ranges: ${key}`, { key })
    const expected = Math.min(info.size - from, length ?? Number.POSITIVE_INFINITY)
    const coming: Coming = { host: requester.host, key, response, expected, signal }
    const { whole } = response.body
    if (whole === undefined)
      return { info, body: releasedOnReturn(response.body, chunksOf(coming)) }
    if (whole.length !== expected) throw torn(coming, whole.length)
    return { info, body: response.body, bytes: whole }
  } catch (error) {
    response.body.destroy()
    throw error
  }
}

/** Some servers ignore If-Match on reads; and what is being removed is absent. */
function checkVersion(key: string, info: ObjectInfo, version: string | undefined): void {
  if (isTombstone(info.version))
    throw new StorageError('not-found', `no such object: ${key}`, { key })
  if (version !== undefined && info.version !== version)
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}

async function nothingOf(
  requester: Requester,
  key: string,
  options: ReadOptions,
): Promise<ObjectBody> {
  const info = await headObject(requester, key, options)
  if (info === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
  checkVersion(key, info, options.version)
  if (options.length !== 0 && (options.from ?? 0) < info.size)
    throw new StorageError('network', `${key} changed while it was read`, { key })
  return { info, body: nothing() }
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** A body on its way. */
interface Coming {
  readonly host: string
  readonly key: string
  readonly response: S3Response
  /** Bytes. */
  readonly expected: number
  readonly signal: AbortSignal
}

/** Ends early only by throwing. */
async function* chunksOf(coming: Coming): AsyncGenerator<Uint8Array, void, void> {
  const { host, key, response, expected, signal } = coming
  let received = 0
  try {
    for await (const chunk of response.body) {
      received += chunk.length
      if (received > expected) break
      yield chunk
    }
  } catch (error) {
    signal.throwIfAborted()
    throw connectionError(key, host, error)
  }
  if (received !== expected) throw torn(coming, received)
}

function torn({ key, expected }: Coming, received: number): StorageError {
  return new StorageError('network', `${key}: ${received} of ${expected} bytes arrived`, { key })
}
