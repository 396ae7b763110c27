import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { CallOptions, ObjectInfo } from '@lsync/core/provider'
import { versionOf } from './identity.ts'
import type { Locks } from './lock.ts'
import { statOf } from './look.ts'
import { looksAlike, readSidecar, writeSidecar } from './metadata.ts'
import { readObject } from './read.ts'

/**
 * On a disk that gives files other inodes with each mount, every version is another one then. A file that still has the bytes that lsync wrote gets
 * its metadata back, for one reading of it: else all would be fetched to see that they are the same.
 */
export async function renewed(
  root: string,
  locks: Locks,
  key: string,
  info: ObjectInfo,
  { signal }: CallOptions,
): Promise<ObjectInfo> {
  const sidecar = readSidecar(root, key)
  if (key.endsWith('/') || sidecar?.sha256 === undefined) return info
  if (sidecar.version === info.version || !looksAlike(root)) return info
  const hash = createHash('sha256')
  for await (const chunk of (await readObject(root, key, { signal, version: info.version })).body)
    hash.update(chunk)
  const sha256 = hash.digest('hex')
  const stat = statOf(join(root, key))
  if (sha256 !== sidecar.sha256 || stat === undefined || versionOf(stat) !== info.version)
    return info
  try {
    writeSidecar(root, key, { ...sidecar, version: info.version }, locks.stagingPlace())
  } catch {
    // It can only be read: then it is read anew the next time.
  }
  return { ...info, metadata: sidecar.metadata, digests: { sha256 } }
}
