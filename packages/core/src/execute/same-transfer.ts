import { isDeepStrictEqual } from 'node:util'
import { fingerprintOf } from '../decide/unchanged.ts'
import type { LocalEntry, RemoteEntry } from '../model/entry.ts'
import type { UploadOptions } from '../provider/index.ts'
import type { DownloadRecord, UploadRecord } from '../state/transfer-record.ts'

/** True if the file cannot have changed since the upload began. */
export function isUntouched(kept: UploadRecord, from: LocalEntry): boolean {
  const now = fingerprintOf(from)
  return now !== undefined && kept.size === from.stat.size && isDeepStrictEqual(kept.local, now)
}

/** True if what would be sent now is what the upload began with: the same content under the same condition and metadata. */
export function isSameUpload(kept: UploadRecord, sha256: string, whole: UploadOptions): boolean {
  return (
    kept.sha256 === sha256 &&
    kept.size === whole.size &&
    isDeepStrictEqual(kept.expect, whole.expect) &&
    isDeepStrictEqual(kept.metadata, whole.metadata)
  )
}

/** True if what came is of the version that is to be fetched now. */
export function isSameDownload(kept: DownloadRecord, { version, size }: RemoteEntry): boolean {
  return kept.version === version && kept.size === size
}
