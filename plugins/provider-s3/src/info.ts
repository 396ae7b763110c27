import type { ObjectInfo } from '@lsync/core/provider'
import { readMetadata } from './metadata.ts'
import { digestsOfEtag } from './parts.ts'
import type { S3Response } from './request.ts'
import { bareEtag, type Listed } from './xml.ts'

/**
 * The ETag and the second of the last write. Headers tell seconds only, so listings are cut to them. The answer to a write does not tell its
 * time: its Date stands in, and where that fell into the next second, the object is looked at once more by the next run. Never the other way:
 * what differs is never taken for equal, but for a change of metadata alone within one second.
 */
function fingerprintOf(etag: string, modified: number): string {
  return `${etag}@${Math.floor(modified / 1000).toString(36)}`
}

export function listedInfo({ key, size, etag, modified }: Listed): ObjectInfo {
  return {
    key,
    size,
    modified: Math.floor(modified / 1000) * 1000,
    version: etag,
    fingerprint: fingerprintOf(etag, modified),
    digests: digestsOfEtag(etag, size),
  }
}

/** From the headers of a HEAD or a GET. */
export function headerInfo(key: string, { headers }: S3Response): ObjectInfo {
  const etag = bareEtag(String(headers['etag'] ?? ''))
  const total = /\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1]
  const size = Number(total ?? headers['content-length'] ?? 0)
  const modified = Date.parse(String(headers['last-modified'] ?? ''))
  const sha256 = String(headers['x-amz-checksum-sha256'] ?? '')
  const history = headers['x-amz-version-id']
  return {
    ...listedInfo({ key, size, etag, modified: Number.isNaN(modified) ? 0 : modified }),
    ...(history === undefined || history === 'null' ? {} : { historyId: String(history) }),
    digests: {
      ...digestsOfEtag(etag, size),
      // A composite of parts carries their number; it is no digest of the whole.
      ...(sha256 === '' || sha256.includes('-')
        ? {}
        : { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
    },
    metadata: readMetadata(headers),
  }
}

/** From the answer to a PUT. */
export function writtenInfo(
  key: string,
  size: number,
  sha256: string | undefined,
  { headers }: S3Response,
): ObjectInfo {
  const etag = bareEtag(String(headers['etag'] ?? ''))
  const date = Date.parse(String(headers['date'] ?? ''))
  const info = listedInfo({ key, size, etag, modified: Number.isNaN(date) ? 0 : date })
  return sha256 === undefined ? info : { ...info, digests: { ...info.digests, sha256 } }
}
