import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import type { CallOptions, ObjectInfo, ObjectMetadata } from '@lsync/core/provider'
import { sameStamp, versionOf } from './identity.ts'
import type { Locks } from './lock.ts'
import { statNow, statOf } from './look.ts'
import { isExecutable, looksAlike, readSidecar, writeSidecar } from './metadata.ts'
import { readObject } from './read.ts'

/**
 * On a disk that gives files other inodes with each mount, every version is another one then; elsewhere after a `chmod -R`, a `chown -R`, a backup by hard
 * links, or a restored copy. A file that still has the bytes that lsync wrote gets its metadata back, for one reading of it: else all clients would fetch
 * all files to see that they are the same.
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
  if (sidecar.version === info.version) return info
  const alike = looksAlike(root)
  // What other tools write has another time, as a rule.
  if (!alike && !sameStamp(sidecar.version, info.version)) return info
  const sha256 = await hashed(root, key, info, signal)
  const stat = statOf(join(root, key))
  if (sha256 !== sidecar.sha256 || stat === undefined || versionOf(stat) !== info.version)
    return info
  const metadata = alike ? sidecar.metadata : withModeOf(stat, sidecar.metadata)
  try {
    // Under the lock: what another client writes there now keeps its own.
    await locks.run(key, signal, () => {
      const now = statNow(join(root, key))
      if (now !== undefined && versionOf(now) === info.version)
        writeSidecar(root, key, { version: info.version, metadata, sha256 }, locks.stagingPlace())
    })
  } catch {
    signal.throwIfAborted()
    // It can only be read: then it is read anew the next time.
  }
  return { ...info, metadata, digests: { sha256 } }
}

/** Undefined where it cannot be read: whoever needs its bytes hears why. */
async function hashed(
  root: string,
  key: string,
  { version }: ObjectInfo,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const hash = createHash('sha256')
    const { body } = await readObject(root, key, { signal, version })
    for await (const chunk of body) hash.update(chunk)
    return hash.digest('hex')
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

/** It may be just this that somebody changed. */
function withModeOf(stat: BigIntStats, { user, ...others }: ObjectMetadata): ObjectMetadata {
  const { executable: _noted, ...kept } = user
  return { ...others, user: { ...kept, ...(isExecutable(stat) ? { executable: 'true' } : {}) } }
}
