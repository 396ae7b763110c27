import { createHash } from 'node:crypto'
import {
  type BigIntStats,
  lstatSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { ObjectInfo, ObjectMetadata } from '@lsync/core/provider'
import { errnoOf } from './errors.ts'
import { sameStamp, versionOf } from './identity.ts'
import { METADATA } from './layout.ts'
import { removeName } from './links.ts'
import { makeFolder } from './make-folder.ts'
import { forget } from './sweep.ts'

/** What does not fit into a file's own attributes, in a small file beside the store. It counts only while the file is what it was written for. */
export interface Sidecar {
  readonly version: string
  readonly metadata: ObjectMetadata
  readonly sha256?: string
  readonly coming?: Coming
}

/** Of the file that is about to take the key: what it is before it gets there is all of its version but the last part. */
interface Coming {
  readonly file: string
  readonly metadata: ObjectMetadata
}

function placeOf(root: string, key: string): string {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 40)
  return join(root, METADATA, name.slice(0, 2), name.slice(2))
}

/**
 * Written after the file is in place: a crash between leaves a file without its sidecar, which reads as one that another tool made. Where that would be
 * something else, `announce` comes before.
 * @param temporary a free place on the same disk
 */
export function writeSidecar(
  root: string,
  key: string,
  sidecar: Sidecar,
  temporary: string,
): string {
  const place = placeOf(root, key)
  try {
    writeFileSync(temporary, JSON.stringify(sidecar))
    try {
      renameSync(temporary, place)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      makeFolder(dirname(place))
      renameSync(temporary, place)
    }
  } catch (error) {
    forget(temporary)
    throw error
  }
  return place
}

/** A file that is about to take a key. */
interface Newcomer {
  readonly key: string
  /** Where it lies until then. */
  readonly staged: string
  readonly metadata: ObjectMetadata
}

/**
 * Says of a file that is about to take a key what it cannot show by itself: of a link that it is one, or it would be brought to others as a file. What holds of
 * the one that is there still holds until then.
 */
export function announce(
  root: string,
  { key, staged, metadata }: Newcomer,
  temporary: string,
): void {
  if (metadata.user['type'] === undefined) return
  const former = readSidecar(root, key) ?? { version: '', metadata: { user: {} } }
  const coming = { file: fileOf(versionOf(lstatSync(staged, { bigint: true }))), metadata }
  writeSidecar(root, key, { ...former, coming }, temporary)
}

/** A version without its ctime, which moves on when the file gets its name. */
function fileOf(version: string): string {
  return version.slice(0, version.lastIndexOf('-'))
}

export function removeSidecar(root: string, key: string): void {
  removeName(placeOf(root, key))
}

/** Of whatever version it was written for. One that cannot be read now is not the same as none: a link would be taken for a file. */
export function readSidecar(root: string, key: string): Sidecar | undefined {
  let text: string
  try {
    text = readFileSync(placeOf(root, key), 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as Sidecar
  } catch {
    // A power cut left a part of it.
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
  // Not its digest, which is told of a version and no less.
  if (sidecar?.coming?.file === fileOf(info.version))
    return { ...info, metadata: sidecar.coming.metadata }
  const mtime = secondsOf(stat.mtimeNs)
  if (looksAlike(root)) {
    // What lsync noted of a file of this size and time is the best there is; the digest is not told unless it was read again (`renewed`).
    const noted = sameStamp(sidecar?.version, info.version) ? sidecar?.metadata : undefined
    const { sha256: _sha256, ...user } = noted?.user ?? {}
    return { ...info, metadata: { ...noted, user: { ...user, mtime } } }
  }
  return {
    ...info,
    metadata: { user: { mtime, ...(isExecutable(stat) ? { executable: 'true' } : {}) } },
  }
}

/** Seconds with a fraction; before 1970 with a minus in front of all of it. */
function secondsOf(nanoseconds: bigint): string {
  const digits = String(nanoseconds < 0n ? -nanoseconds : nanoseconds).padStart(10, '0')
  return `${nanoseconds < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
}

/** The owner's bit stands for all three. */
export function isExecutable({ mode }: BigIntStats): boolean {
  return (mode & 0o100n) !== 0n
}
