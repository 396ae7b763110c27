import { type Digests, type ObjectInfo, StorageError } from '@lsync/core/provider'
import { readMetadata } from './metadata.ts'
import { digestsOfEtag } from './parts.ts'
import type { S3Response } from './request.ts'
import { bareEtag, type Listed } from './xml.ts'

/**
 * The ETag and the second of the last write. Headers tell seconds only, so listings are cut to them. The answer to a write does not tell its
 * time: its Date stands in. Where that fell into another second (2.5 % of the writes on a busy MinIO; 29 % on versitygw, whose Date lags by up to a
 * second), the object is looked at once more by the next run. Never the other way: what differs is never taken for equal, but for a change
 * of metadata alone within one second.
 */
function fingerprintOf(etag: string, modified: number): string {
  return `${etag}@${Math.floor(modified / 1000).toString(36)}`
}

export function listedInfo({ size, etag, modified }: Omit<Listed, 'key'>, key: string): ObjectInfo {
  return {
    key,
    size,
    modified: Math.floor(modified / 1000) * 1000,
    version: etag,
    fingerprint: fingerprintOf(etag, modified),
    digests: digestsOfEtag(etag, size),
  }
}

type Headers = S3Response['headers']

/** From the headers of a HEAD or a GET. */
export function headerInfo(key: string, { headers }: S3Response): ObjectInfo {
  const etag = bareEtag(String(headers['etag'] ?? ''))
  const length =
    /\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1] ?? headers['content-length']
  const modified = Date.parse(String(headers['last-modified'] ?? ''))
  if (etag === '' || length === undefined || Number.isNaN(modified))
    // Not the end: rclone's server answers so in the moment in which it removes the object.
    throw new StorageError(
      'server',
      `the store does not tell the ETag, the size or the time of ${key}`,
      { key },
    )
  const size = Number(length)
  return {
    ...listedInfo({ size, etag, modified }, key),
    ...historyOf(headers),
    digests: { ...digestsOfEtag(etag, size), ...checksumsOf(headers) },
    metadata: readMetadata(headers),
  }
}

/** From the answer to a PUT; undefined if it does not name the version. */
export function writtenInfo(
  key: string,
  size: number,
  sha256: string | undefined,
  { headers }: S3Response,
): ObjectInfo | undefined {
  const etag = bareEtag(String(headers['etag'] ?? ''))
  if (etag === '') return undefined
  const date = Date.parse(String(headers['date'] ?? ''))
  const info = listedInfo({ size, etag, modified: Number.isNaN(date) ? 0 : date }, key)
  return {
    ...info,
    ...historyOf(headers),
    // The store has checked it.
    ...(sha256 === undefined ? {} : { digests: { ...info.digests, sha256 } }),
  }
}

function historyOf(headers: Headers): { readonly historyId?: string } {
  const id = headers['x-amz-version-id']
  return id === undefined || id === 'null' ? {} : { historyId: String(id) }
}

/** Those of the whole object. One that is put together from the checksums of parts carries their number, or is declared composite. */
function checksumsOf(headers: Headers): Digests {
  if (String(headers['x-amz-checksum-type'] ?? '').toUpperCase() === 'COMPOSITE') return {}
  const digest = (name: string, length: number): string | undefined => {
    const bytes = Buffer.from(String(headers[name] ?? ''), 'base64')
    return String(headers[name]).includes('-') || bytes.length !== length
      ? undefined
      : bytes.toString('hex')
  }
  const sha256 = digest('x-amz-checksum-sha256', 32)
  const crc64nvme = digest('x-amz-checksum-crc64nvme', 8)
  return {
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(crc64nvme === undefined ? {} : { crc64nvme }),
  }
}
