import type { DiskStat } from '../disk/disk.ts'
import type { FileMetadata } from '../model/metadata.ts'
import type { ObjectInfo } from '../provider/index.ts'
import type { DownloadRecord } from '../state/transfer-record.ts'

/** Whole remote content, checked. */
export interface Content {
  readonly info: ObjectInfo
  readonly file: FileMetadata
  readonly sha256: string
}

/**
 * In memory: a small file waits there until its batch is staged. To make a file while the disk is being flushed takes as long as the flush, and
 * nothing else would go on meanwhile.
 */
export interface Received extends Content {
  readonly bytes: Uint8Array
}

/** In the staging folder, or (where it is large) among the transfers, not yet flushed. */
export interface Staged extends Content {
  readonly path: string
  /** As it lies there: what must be found again after it was moved into place. */
  readonly stat: DiskStat
  /** Of a transfer that another run can go on with: it stays, if it does not get to its place in this one. */
  readonly transfer?: DownloadRecord
  /** Some of it came in an earlier run. */
  readonly resumed?: boolean
  /** The store gives digests (none of them a sha256), and this has none of them. */
  readonly doubted?: boolean
}
