import { createHash } from 'node:crypto'
import {
  type BigIntStats,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { ObjectInfo, ObjectMetadata } from '@lsync/core/provider'
import { errnoOf } from './errors.ts'
import { sameStamp, versionOf } from './identity.ts'
import { METADATA } from './layout.ts'
import { makeFolder } from './make-folder.ts'

/** What does not fit into a file's own attributes, in a small file beside the store. It counts only while the file is what it was written for. */
export interface Sidecar {
  readonly version: string
  readonly metadata: ObjectMetadata
  readonly sha256?: string
}

function placeOf(root: string, key: string): string {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 40)
  return join(root, METADATA, name.slice(0, 2), name.slice(2))
}

/** Written after the file is in place: a crash between leaves a file without its sidecar, which reads as one that another tool made. */
export function writeSidecar(root: string, key: string, sidecar: Sidecar): string {
  const place = placeOf(root, key)
  const temporary = `${place}.${process.pid}`
  const text = JSON.stringify(sidecar)
  try {
    writeFileSync(temporary, text)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    makeFolder(dirname(place))
    writeFileSync(temporary, text)
  }
  renameSync(temporary, place)
  return place
}

export function removeSidecar(root: string, key: string): void {
  rmSync(placeOf(root, key), { force: true })
}

/** Of whatever version it was written for. */
export function readSidecar(root: string, key: string): Sidecar | undefined {
  try {
    return JSON.parse(readFileSync(placeOf(root, key), 'utf8')) as Sidecar
  } catch {
    return undefined
  }
}

/**
 * True where all files look executable, whatever they were made: on FAT and its like. lsync never makes this one so.
 * There a file's mode says nothing, and its inode, a part of its version, may be another one after each mount.
 */
export function looksAlike(root: string): boolean {
  const own = statSync(join(root, IDENTITY), { throwIfNoEntry: false })
  return own !== undefined && (own.mode & 0o100) !== 0
}

const IDENTITY = '.lsync/repository.yaml'

/** As a listing shows it. */
export function listedInfo(key: string, stat: BigIntStats): ObjectInfo {
  const version = versionOf(stat)
  return {
    key,
    size: Number(stat.size),
    modified: Number(stat.ctimeNs / 1_000_000n),
    version,
    fingerprint: version,
    digests: {},
  }
}

/** With metadata: the sidecar's where it still holds, else what the file itself shows. */
export function fullInfo(root: string, key: string, stat: BigIntStats): ObjectInfo {
  const info = listedInfo(key, stat)
  const sidecar = readSidecar(root, key)
  if (sidecar?.version === info.version)
    return {
      ...info,
      metadata: sidecar.metadata,
      ...(sidecar.sha256 === undefined ? {} : { digests: { sha256: sidecar.sha256 } }),
    }
  const seconds = stat.mtimeNs / 1_000_000_000n
  const fraction = (stat.mtimeNs % 1_000_000_000n).toString().padStart(9, '0')
  const mtime = `${seconds}.${fraction}`
  if (looksAlike(root)) {
    // What lsync noted of a file of this size and time is the best there is; the digest is not told unless it was read again (`renewed`).
    const noted = sameStamp(sidecar?.version, info.version) ? sidecar?.metadata : undefined
    const { sha256: _sha256, ...user } = noted?.user ?? {}
    return { ...info, metadata: { ...noted, user: { ...user, mtime } } }
  }
  const executable = (stat.mode & 0o100n) !== 0n
  return {
    ...info,
    metadata: { user: { mtime, ...(executable ? { executable: 'true' } : {}) } },
  }
}
