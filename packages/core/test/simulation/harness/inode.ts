import { type DiskKind, type DiskStat } from '../../../src/disk/disk.ts'

/** What a file is besides its names, as it is now or as it was when it was last flushed. */
export interface FileState {
  data: Uint8Array
  mode: number
  mtime: number
  ctime: number
}

export interface Inode extends FileState {
  number: number
  readonly kind: DiskKind
  /** Of a folder. */
  entries: Map<string, Inode>
  /** Of a folder: what a power cut leaves of its entries, besides those of the changes that are still pending. */
  durableEntries: Map<string, Inode>
  links: number
  /** Descriptors that keep it alive without a name. */
  opened: number
  /** Undefined if it was never flushed. */
  durable: FileState | undefined
  /** When the first change was made that is not flushed yet. */
  dirtySince: number | undefined
}

export const NOTHING = new Uint8Array(0)
const OWNER_MAY_RUN = 0o100

export function newInode(number: number, kind: DiskKind, now: number, stamp: number): Inode {
  return {
    number,
    kind,
    data: NOTHING,
    mode: kind === 'folder' ? 0o755 : 0o644,
    mtime: stamp,
    ctime: stamp,
    entries: new Map(),
    durableEntries: new Map(),
    links: 0,
    opened: 0,
    durable: undefined,
    dirtySince: now,
  }
}

export function isExecutable(inode: Inode): boolean {
  return (inode.mode & OWNER_MAY_RUN) !== 0
}

export function withExecutable(mode: number, executable: boolean): number {
  return executable ? mode | 0o111 : mode & ~0o111
}

export function statOf(inode: Inode): DiskStat {
  return {
    kind: inode.kind,
    size: inode.kind === 'folder' ? 4096 : inode.data.length,
    mtime: inode.mtime,
    ctime: inode.ctime,
    inode: inode.number,
    device: 1,
    executable: isExecutable(inode),
  }
}

export function makeDurable(inode: Inode): void {
  const { data, mode, mtime, ctime } = inode
  inode.durable = { data, mode, mtime, ctime }
  inode.dirtySince = undefined
}
