import type { Disk, DiskStat } from '../disk/disk.ts'
import type { LocalEntry } from '../model/entry.ts'
import { keyName } from '../model/folding.ts'
import { diskPath, joinPath } from '../model/path.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'

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
export async function expectAbsent(effects: Named, path: string): Promise<void> {
  if ((await statExactly(effects, path)) !== undefined) throw new PathProblem('changing')
}

type Named = Pick<Effects, 'disk' | 'folding'>

/** What is there under this very name. A disk that folds names answers for others too, which are no presence of this one. */
export async function statExactly(
  { disk, folding }: Named,
  path: string,
): Promise<DiskStat | undefined> {
  const whole = diskPath(path)
  const found = await disk.stat(whole)
  if (found === undefined || !(folding.case || folding.form)) return found
  let folder = ''
  for (const segment of whole.split('/')) {
    const names = await disk.list(folder)
    if (!names.some(({ name }) => keyName(name, folding) === segment)) return undefined
    folder = joinPath(folder, segment)
  }
  return found
}
