import type { Disk, DiskStat } from '../disk/disk.ts'
import type { LocalEntry } from '../model/entry.ts'
import { diskPath } from '../model/path.ts'
import { PathProblem } from './consequence.ts'

/** True if the file is still exactly what the scan saw. */
export function isStill(stat: DiskStat | undefined, from: LocalEntry): boolean {
  return isMoved(stat, from) && stat?.ctime === from.stat.ctime
}

/** As `isStill`, for a file that we renamed ourselves: that moves its ctime. */
export function isMoved(stat: DiskStat | undefined, from: LocalEntry): boolean {
  return (
    stat?.kind === from.stat.kind &&
    stat.inode === from.stat.inode &&
    (from.type === 'folder' || (stat.size === from.stat.size && stat.mtime === from.stat.mtime))
  )
}

/** The local guard: nothing is overwritten or removed unless it is what this run saw. */
export async function expectStill(disk: Disk, path: string, from: LocalEntry): Promise<void> {
  if (!isStill(await disk.stat(diskPath(path)), from)) throw new PathProblem('changing')
}

/** Absence is confirmed at the moment of the effect. */
export async function expectAbsent(disk: Disk, path: string): Promise<void> {
  if ((await disk.stat(diskPath(path))) !== undefined) throw new PathProblem('changing')
}
