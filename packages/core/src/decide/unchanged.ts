import { executableHere } from './executable-bit.ts'
import type { BaseEntry, LocalEntry, RemoteEntry } from '../model/entry.ts'

/**
 * Steps of the clocks that stamp files, in milliseconds. A file whose ctime is younger than that, when it was looked at, may
 * change once more without showing it (git's racy rule): such a fingerprint is not kept, so the file is hashed again next time.
 * Only the ctime counts: nobody can set it, so every later change moves it on.
 */
export const FINE_STEP = 20
const COARSE_STEP = 2000

/** True if the local file shows the fingerprint that was recorded. False says nothing: hash it. */
export function localUnchanged(base: BaseEntry, local: LocalEntry): boolean {
  if (base.type !== local.type) return false
  if (base.type === 'folder') return true
  const { stat } = local
  return (
    base.local !== undefined &&
    base.size === stat.size &&
    base.local.mtime === stat.mtime &&
    base.local.ctime === stat.ctime &&
    base.local.inode === stat.inode &&
    base.executable === executableHere(local, base)
  )
}

export function remoteUnchanged(base: BaseEntry, remote: RemoteEntry): boolean {
  return base.type === 'folder'
    ? remote.size === 0
    : base.remote.fingerprint === remote.fingerprint && base.remote.version === remote.version
}

/** The fingerprint worth recording, or undefined if the file is too young to be trusted unseen. */
export function fingerprintOf(local: LocalEntry): BaseEntry['local'] {
  const { mtime, ctime, inode } = local.stat
  // Whole seconds in both times are the mark of a file system that stamps coarsely (FAT, some network mounts).
  const coarse = ctime % 1000 === 0 && mtime % 1000 === 0
  const young = local.seen - ctime < (coarse ? COARSE_STEP : FINE_STEP)
  return young ? undefined : { mtime, ctime, inode }
}
