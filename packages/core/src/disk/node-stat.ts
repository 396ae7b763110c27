import type { Dirent, Stats } from 'node:fs'
import type { DiskKind, DiskStat } from './disk.ts'

/** The owner's bit stands for all three, as in git. */
const OWNER_MAY_RUN = 0o100

export function kindOf(item: Stats | Dirent | Dirent<Buffer>): DiskKind {
  if (item.isFile()) return 'file'
  if (item.isDirectory()) return 'folder'
  return item.isSymbolicLink() ? 'link' : 'special'
}

export function diskStat(stats: Stats): DiskStat {
  return {
    kind: kindOf(stats),
    size: stats.size,
    mtime: stats.mtimeMs,
    ctime: stats.ctimeMs,
    inode: stats.ino,
    device: stats.dev,
    executable: !stats.isSymbolicLink() && (stats.mode & OWNER_MAY_RUN) !== 0,
  }
}

/** Seconds for `utimes`; as text, since Node takes a negative number for the present time. */
export function timeOf(milliseconds: number): string {
  return String(milliseconds / 1000)
}

/** Whoever may read may run, so that the umask of the file's creation keeps its say. */
export function executableMode(mode: number, executable: boolean): number {
  // Without the set-id bits: content from elsewhere must not run as somebody else.
  const permissions = mode & 0o777
  return executable
    ? permissions | ((permissions & 0o444) >> 2) | OWNER_MAY_RUN
    : permissions & ~0o111
}
