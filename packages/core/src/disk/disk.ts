import type { DigestAlgorithm, Digests } from '../provider/index.ts'

/**
 * The port to the local disk: everything that core does to files goes through here, so that a simulation can stand in
 * for it and lose what was not flushed. Paths are relative to the repository's root, `/`-separated, without a leading or
 * trailing slash; `''` is the root. No method follows a symbolic link in the last component.
 *
 * Failures are DiskErrors. Methods that change something have happened when they resolve, but survive a power cut only
 * after `flush` (or where they say so).
 */
export interface Disk {
  /** For messages only. */
  readonly root: string

  /** The names in a folder with what they are, in no order. */
  list(folder: string): Promise<readonly FolderItem[]>
  /** lstat of several names of one folder, in their order: one call, since a call per file costs more than the stat. */
  statAll(folder: string, names: readonly string[]): Promise<readonly (DiskStat | DiskError)[]>
  /** Undefined if nothing is there (also where a parent is missing or is no folder). */
  stat(path: string): Promise<DiskStat | undefined>

  /** Opens for reading; refuses anything but a regular file. */
  open(path: string): Promise<DiskFile>
  /** Where a symbolic link points, as the bytes that stand in it; `missing` if it is not a link any more. */
  readLink(path: string): Promise<Uint8Array>
  /** Makes a symbolic link, and looks at nothing that it points to; `exists` if the name is taken. */
  createLink(path: string, target: Uint8Array): Promise<void>
  /** Creates a new file for writing; `exists` if the name is taken. Missing parent folders are an error. */
  create(path: string): Promise<DiskWriter>
  /**
   * Creates files of one folder, whole, in their order: as `create` does, in one call for the same reason as `statAll`. Of one that could not be written
   * nothing stays, as far as the disk lets it be removed. A DiskError is thrown only where the folder is not there.
   */
  createAll(folder: string, files: readonly NewFile[]): Promise<readonly (DiskStat | DiskError)[]>
  /** Opens a regular file that is there, to go on writing it; `exists` if it has another name: under that it is somebody else's. */
  reopen(path: string): Promise<DiskWriter>
  /** Whole content; undefined if there is no such file. For the small files of `.lsync`. */
  readText(path: string): Promise<string | undefined>
  /** Replaces a file of `.lsync` whole or not at all, surviving a power cut: temporary file, fsync, rename, fsync of the folder. */
  replaceText(path: string, text: string | AsyncIterable<string>): Promise<void>
  /** Creates a file with this text, whole, only if the name is free (`exists`): for locks. */
  createText(path: string, text: string): Promise<void>
  /** Appends, creating the file if needed. Durable only after `flush`. */
  appendText(path: string, text: string): Promise<void>

  /** `private`: nobody but its owner may look into it. */
  makeFolder(path: string, options?: { readonly private?: boolean }): Promise<void>
  /** Whether what is made in the one folder gets the group that it would get in the other, and hands it on. (Lists of rights cannot be seen from here.) */
  givesGroupAs(folder: string, other: string): Promise<boolean>
  /** Only an empty one: `not-empty` otherwise. */
  removeFolder(path: string): Promise<void>
  /** Within the disk; fails with `exists` where the target is a file that may not be overwritten (`overwrite: false`, done by link and unlink). A symbolic link may become another one that points to the same place. */
  rename(from: string, to: string, options: { readonly overwrite: boolean }): Promise<void>
  remove(path: string): Promise<void>
  setExecutable(path: string, executable: boolean): Promise<void>
  setModified(path: string, mtime: number): Promise<void>
  /** Copies the mode bits of `from` onto a file that is to replace it. */
  copyMode(from: string, to: string): Promise<void>

  /**
   * Makes the named files or folders (data and attributes) and all folders above them survive a power cut.
   * Implementations choose the cheaper way; a name that is gone meanwhile is no error, and what cannot be opened for it is flushed with all else.
   */
  flush(paths: readonly string[]): Promise<void>
  /** Makes everything on the disk survive a power cut, under whatever name it is now. */
  flushAll(): Promise<void>
  /** Lets others be heard, where calls keep the thread for themselves. For long rows of calls, never within the change of one file. */
  readonly rest?: () => Promise<void>
  /** Mount points below the root, as paths; what is mounted there is not ours to judge. */
  mountPoints(): Promise<ReadonlySet<string>>
  /** Free bytes, where known. */
  free(): Promise<number | undefined>
}

export interface NewFile {
  readonly name: string
  readonly bytes: Uint8Array
  readonly executable: boolean
  /** Milliseconds since the epoch. */
  readonly mtime: number
}

export type DiskKind = 'file' | 'folder' | 'link' | 'special'

export interface FolderItem {
  /** As text; where the bytes on disk are no valid UTF-8, the text is for showing only and `nameable` is false. */
  readonly name: string
  readonly kind: DiskKind
  readonly nameable: boolean
}

/** Times in milliseconds since the epoch with a fraction (resolution about 0.25 µs). */
export interface DiskStat {
  readonly kind: DiskKind
  readonly size: number
  readonly mtime: number
  readonly ctime: number
  /** Stays the file's when that is renamed; undefined on a disk where it does not, and so says nothing of the file. */
  readonly inode: number | undefined
  readonly device: number
  /** Never of a link, whose mode says nothing; undefined where the disk keeps no such bit. */
  readonly executable: boolean | undefined
}

export interface DiskFile extends AsyncDisposable {
  stat(): Promise<DiskStat>
  /** The bytes from `from` (default 0) up to `to` exclusive (default the end). */
  read(range: ReadRange, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** All bytes at once, for small files. */
  readAll(): Promise<Uint8Array>
  /** Fills the buffer with the bytes from `from` on, as far as there are any; says how many there were. */
  readInto(buffer: Uint8Array, from: number): Promise<number>
  readonly hashAside?: HashAsideOf
  /** Where another core can compute digests of what is read here; throws where it cannot after all. */
  readonly digestAside?: (algorithms: readonly DigestAlgorithm[]) => DigestAside
}

/** Where another core can hash a file of `size` bytes while it is still being written; throws where it cannot after all. Stopped before the file is closed. */
export type HashAsideOf = (size: number) => HashAside

/** Reads behind the writers, on another core. */
export interface HashAside {
  /** All bytes before `whole` are written. */
  reached(whole: number): void
  /** Once all are; undefined where it could not be computed. */
  digest(): Promise<string | undefined>
  /** When it resolves, nothing reads from the file any more. */
  stop(): Promise<void>
}

/** Takes chunks in memory that is shared, in their order, and computes on another core. */
export interface DigestAside {
  /** Resolves once the chunk has been read. */
  update(chunk: Uint8Array): Promise<void>
  /** Of all of them; undefined where they could not be computed. */
  digest(): Promise<Digests | undefined>
  /** When it resolves, no chunk is read any more. */
  stop(): Promise<void>
}

export interface ReadRange {
  readonly from?: number
  readonly to?: number
  /** A chunk need not outlive the call for the next one: its memory may be used again. `shared`: in memory that threads share, in chunks that are worth a message to one. */
  readonly reuse?: boolean | 'shared'
}

export interface DiskWriter extends AsyncDisposable {
  readonly hashAside?: HashAsideOf
  write(bytes: Uint8Array, at: number): Promise<void>
  /** Makes the bytes that were written survive a power cut, if the file's name does: that takes a flush of the disk, once. */
  flush(): Promise<void>
  setModified(mtime: number): Promise<void>
  setExecutable(executable: boolean): Promise<void>
  stat(): Promise<DiskStat>
}

export type DiskErrorCode =
  | 'missing'
  | 'exists'
  | 'not-empty'
  | 'forbidden'
  | 'no-space'
  /** No file of that size is taken: by the file system (FAT: 4 GB), or by a limit of the process. */
  | 'too-large'
  | 'is-folder'
  | 'not-folder'
  | 'bad-name'
  | 'read-only'
  | 'busy'
  | 'io'

/** The message is what goes on after the path. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: DiskErrorCode
  /** Relative to the root, which is the empty path. */
  readonly path: string
  constructor(code: DiskErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.path = path
  }
}
