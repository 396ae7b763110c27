import {
  type ByteSource,
  type CallOptions,
  type Expect,
  isStorageError,
  type ListRange,
  compareKeys,
  type ObjectBody,
  type ObjectInfo,
  type ReadOptions,
  StorageError,
  type WriteOptions,
} from '@lsync/core/provider'
import { connectionError } from './errors.ts'
import { headerInfo, listedInfo, writtenInfo } from './info.ts'
import { metadataHeaders } from './metadata.ts'
import { LARGEST_SINGLE } from './parts.ts'
import type { Requester, S3Response } from './request.ts'
import { isTombstone } from './tombstones.ts'
import { type ListingPage, parseListing } from './xml.ts'

const PAGE = '1000'

/** Listing by key range; the next page is asked for while the present one is looked at. */
export async function* listObjects(
  requester: Requester,
  prefix: string,
  range: ListRange,
  { signal }: CallOptions,
): AsyncIterable<readonly ObjectInfo[]> {
  const query: Record<string, string> = {
    'encoding-type': 'url',
    'list-type': '2',
    'max-keys': PAGE,
    prefix: prefix + range.prefix,
    ...(range.after === undefined ? {} : { 'start-after': prefix + range.after }),
  }
  const ask = async (token: string | undefined): Promise<ListingPage> =>
    parseListing(
      await requester.text({
        method: 'GET',
        query: token === undefined ? query : { ...query, 'continuation-token': token },
        signal,
      }),
    )
  let next: Promise<ListingPage> | undefined = ask(undefined)
  let last: string | undefined
  while (next !== undefined) {
    const { objects, token }: ListingPage = await next
    next = token === undefined ? undefined : ask(token)
    // Awaited only in the next turn; a consumer that stops early leaves it behind.
    next?.catch(() => undefined)
    const page: ObjectInfo[] = []
    for (const object of objects) {
      const key = object.key.slice(prefix.length)
      if (last !== undefined && compareKeys(last, object.key) >= 0)
        throw new StorageError('unexpected', `the bucket lists its keys out of order`, { key })
      last = object.key
      if (range.before !== undefined && compareKeys(key, range.before) >= 0) {
        if (page.length > 0) yield page
        return
      }
      // The remote's own root, which some tools make as a marker.
      if (key === '' || isTombstone(object.size, object.etag)) continue
      page.push(listedInfo({ ...object, key }))
    }
    signal.throwIfAborted()
    if (page.length > 0) yield page
  }
}

/** The object as it is, tombstones too. */
export async function headRaw(
  requester: Requester,
  key: string,
  { signal }: CallOptions,
): Promise<{ readonly info: ObjectInfo; readonly response: S3Response } | undefined> {
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
    throw error
  }
}

export async function headObject(
  requester: Requester,
  key: string,
  options: CallOptions,
): Promise<ObjectInfo | undefined> {
  const found = await headRaw(requester, key, options)
  return found === undefined || isTombstone(found.info.size, found.info.version)
    ? undefined
    : found.info
}

export async function readObject(
  requester: Requester,
  key: string,
  options: ReadOptions,
): Promise<ObjectBody> {
  const { signal, version, from = 0, length } = options
  const ranged = from > 0 || length !== undefined
  const to = length === undefined ? '' : String(from + length - 1)
  if (length === 0) {
    const info = await headObject(requester, key, options)
    if (info === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
    return { info, body: (async function* nothing() {})() }
  }
  const response = await requester.send({
    method: 'GET',
    key,
    headers: {
      'x-amz-checksum-mode': 'ENABLED',
      ...(ranged ? { range: `bytes=${from}-${to}` } : {}),
      ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
    },
    signal,
  })
  const info = headerInfo(key, response)
  if (isTombstone(info.size, info.version)) {
    await requester.drain(response, { key, signal })
    throw new StorageError('not-found', `no such object: ${key}`, { key })
  }
  // Some servers ignore If-Match on reads.
  if (version !== undefined && info.version !== version) {
    await requester.drain(response, { key, signal })
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
  }
  if (ranged && response.status !== 206)
    throw new StorageError('unexpected', `the store ignores ranges: ${key}`, { key })
  const expected = Math.min(info.size - from, length ?? Number.POSITIVE_INFINITY)
  return { info, body: bodyOf(requester, key, response, expected, signal) }
}

/** Ends early only by throwing. */
async function* bodyOf(
  requester: Requester,
  key: string,
  response: S3Response,
  expected: number,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  let received = 0
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      received += chunk.length
      yield chunk
    }
  } catch (error) {
    signal.throwIfAborted()
    throw connectionError(key, requester.host, error)
  }
  if (received !== expected)
    throw new StorageError('network', `${key}: ${received} of ${expected} bytes arrived`, { key })
}

export function conditionHeaders(expect: Expect): Record<string, string> {
  return expect.kind === 'absent' ? { 'if-none-match': '*' } : { 'if-match': `"${expect.version}"` }
}

/** One PUT under its condition. */
export async function putObject(
  requester: Requester,
  key: string,
  source: ByteSource,
  { expect, metadata, signal }: WriteOptions,
  extra: Readonly<Record<string, string>>,
): Promise<ObjectInfo> {
  if (source.size > LARGEST_SINGLE)
    throw new StorageError(
      'too-large',
      `${key} is larger than the 5 GB that one upload takes here`,
      { key },
    )
  // Servers that keep objects in folders take these for paths, and write elsewhere.
  const segments = (key.endsWith('/') ? key.slice(0, -1) : key).split('/')
  if (key.includes('\0') || segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw new StorageError(
      'bad-key',
      `a key with an empty part, . or .. means different things to different servers: ${key}`,
      { key },
    )
  const sha256 = source.digests.sha256
  let response: S3Response
  try {
    response = await requester.sendOnly({
      method: 'PUT',
      key,
      headers: {
        ...metadataHeaders(metadata),
        ...extra,
        ...conditionHeaders(expect),
        ...(sha256 === undefined
          ? {}
          : { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') }),
      },
      // An empty body must not be a stream, whose length nobody would send.
      body: source.bytes ?? (source.size === 0 ? new Uint8Array() : exactly(key, source, signal)),
      length: source.size,
      ...(sha256 === undefined ? {} : { sha256 }),
      signal,
    })
  } catch (error) {
    // A condition on a version that is gone altogether: S3 answers 404, where a store that has it says 412.
    if (isStorageError(error) && error.code === 'not-found' && expect.kind === 'version')
      throw new StorageError('precondition-failed', `it is gone: ${key}`, { key, cause: error })
    throw error
  }
  return writtenInfo(key, source.size, sha256, response)
}

/** Fewer or more bytes than announced would hang or tear the request; the source's own error comes through. */
async function* exactly(
  key: string,
  source: ByteSource,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  let sent = 0
  for await (const chunk of source.open(0, signal)) {
    sent += chunk.length
    if (sent > source.size) break
    yield chunk
  }
  if (sent !== source.size)
    throw new StorageError('bad-digest', `${key} has ${sent} bytes, not ${source.size}`, { key })
}
