import type { DiskStat } from '../disk/disk.ts'
import type { Digests, ObjectInfo } from '../provider/index.ts'

/** What lsync keeps: regular files, folders that hold nothing, and (by policy) symbolic links. */
export type EntryType = 'file' | 'folder' | 'link'

/** What becomes of symbolic links: left alone, or kept as links. */
export type SymlinkPolicy = 'skip' | 'store'

/**
 * A path as a key: `/`-separated, relative to the repository's root. An empty folder is a key of its own that ends in `/`,
 * so that `a` (a file) and `a/` (an empty folder) are two keys, ordered as stores order them.
 */
export type Path = string

/** A local file as a scan saw it. */
export interface LocalEntry {
  readonly type: EntryType
  readonly stat: DiskStat
  /** When it was looked at, by the local clock: an entry younger than the clock's step is hashed again next time. */
  readonly seen: number
}

/** The state of a remote key as a listing (or a later `head`) saw it. */
export type RemoteEntry = ObjectInfo

/** What both sides agreed on last: one line of the database. */
export interface BaseEntry {
  readonly type: EntryType
  readonly size: number
  /** Of the content; empty for a folder. */
  readonly sha256: string
  readonly executable: boolean
  /** The local fingerprint when the agreement was recorded; absent if the file must be hashed to be known unchanged. */
  readonly local?: LocalFingerprint
  readonly remote: RemoteFingerprint
  /** Who wrote the content, as its metadata says. */
  readonly author?: string
  /**
   * A run of ours set out to remove it on the remote. If it is gone there now, that was us, and says nothing about a local file that is
   * there all the same (it came back in a power cut, or was put back): without this mark it would be removed as if others had wanted that.
   */
  readonly removing?: true
  /**
   * The path was left out since (by an ignore rule, or inside a repository of its own). Once it is looked at again, what changed meanwhile says
   * nothing about what people want here: no removal follows from it.
   */
  readonly frozen?: true
}

/** One row of the base: what both sides agreed on last for this path. */
export interface Row {
  readonly path: Path
  readonly entry: BaseEntry
}

export interface LocalFingerprint {
  readonly mtime: number
  readonly ctime: number
  /** Undefined where the disk tells it by names (see `DiskStat`). */
  readonly inode: number | undefined
}

export interface RemoteFingerprint {
  readonly version: string
  readonly fingerprint: string
  /** Size of the object's body where it is not that of the file. */
  readonly size?: number
  readonly digests?: Digests
  /** True if somebody else set metadata on the object: it must be read before the object is overwritten, to be kept. */
  readonly annotated?: true
}
