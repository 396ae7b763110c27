import type { Answer } from '../faulty/answer.ts'
import type { Body } from './body.ts'
import type { S3Request } from './request.ts'
import type { Store } from './store.ts'

/** Where this server behaves like one that honours less than S3 does: the conditions there are passed over in silence. */
export interface Honours {
  /** Conditions on PutObject and on the end of an upload. Garage passes them over. */
  readonly conditionalWrite: boolean
  /** A condition of PutObject and the write are one step. S3Mock, and s3proxy before a folder, look first and write then. */
  readonly oneStep: boolean
  /** If-Match on DeleteObject, ETags in DeleteObjects. MinIO honours neither. */
  readonly conditionalDelete: boolean
  /** Conditions on the destination of CopyObject. None of the servers that can be installed honours them. */
  readonly conditionalCopy: boolean
  /** If-Match on CompleteMultipartUpload. versitygw honours If-None-Match only. */
  readonly conditionalComplete: boolean
  /** If-Match of PutObject with the ETag in quotes, as HTTP writes it. Ceph's gateway knew it without them only (seen with 16.2.15). */
  readonly quotedConditions: boolean
  /** Listings in the order of the keys' bytes. SeaweedFS walks its folders: `a/b` comes before `a.txt`, and `start-after` means that order, too. */
  readonly byteOrder: boolean
  /** Content under a key that ends in a slash. rclone's server refuses it. */
  readonly folderContent: boolean
  /** Folders are objects of their own. In rclone's server one is there as soon as a file lies in it, and goes with the last one. */
  readonly folderObjects: boolean
  /** Bodies without a checksum. A bucket of Amazon's that locks its objects by default refuses them, signed or not. */
  readonly uncheckedBodies: boolean
  /** ETags of objects are the MD5 of their bytes. Those of objects that are encrypted with keys of Amazon's KMS are not. */
  readonly md5Etags: boolean
}

export interface Context {
  readonly store: Store
  readonly honours: Honours
  /** Keys on a page of a listing, at most. */
  readonly pageSize: number
  readonly region: string
  /** The server's clock, milliseconds since the epoch. */
  readonly now: () => number
  /** Keys that the listing which is being answered leaves out: a fault. */
  readonly hidden: (key: string) => boolean
  /** Keys that it counts and does not hold: another. */
  readonly omitted: (key: string) => boolean
}

/** Synchronous: see Bucket. */
export type Handler = (context: Context, request: S3Request, body: Body) => Answer

export function xmlAnswer(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body }
}

export function quoted(etag: string): string {
  return `"${etag}"`
}

/** S3 tells whole seconds everywhere. */
export function isoTime(time: number): string {
  return new Date(Math.floor(time / 1000) * 1000).toISOString()
}
