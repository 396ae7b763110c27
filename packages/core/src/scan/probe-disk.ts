import type { World } from '../disk/world.ts'
import { type Disk, DiskError, type DiskWriter } from '../disk/disk.ts'
import { type Folding, NO_FOLDING } from '../model/folding.ts'
import { STAGING } from '../state/layout.ts'

/** What a disk does differently from others. */
export interface DiskHabits {
  /** Which names it takes for one another. */
  readonly folding: Folding
  /** What it does with the executable bit: `alike` where all files look alike, whatever their mode was set to; `unknown` where that could not be tried. */
  readonly executable: 'kept' | 'alike' | 'unknown'
  /** Whether a file keeps its inode when it is renamed. */
  readonly inodes: 'kept' | 'by-name'
}

/** Finds out the habits of the repository's disk, by a file in its staging folder. */
export async function probeDisk(disk: Disk, world: World): Promise<DiskHabits> {
  const start = `names-${world.token()}`
  const name = `${start}-a\u{e9}`
  const path = `${STAGING}/${name}`
  let executable: DiskHabits['executable']
  try {
    await using file = await created(disk, path)
    executable = await bitOf(file)
  } catch (error) {
    // A disk that cannot be written: nothing arrives there.
    if (error instanceof DiskError)
      return { folding: NO_FOLDING, executable: 'unknown', inodes: 'kept' }
    throw error
  }
  let at = path
  try {
    const answers = async (end: string): Promise<boolean> =>
      (await disk.stat(`${STAGING}/${start}-${end}`)) !== undefined
    const folding = {
      case: await answers('A\u{e9}'),
      form: await answers('ae\u{301}'),
      rewrites: !(await disk.list(STAGING)).some((item) => item.name === name),
    }
    const before = await disk.stat(path)
    await disk.rename(path, `${STAGING}/${start}`, { overwrite: true })
    at = `${STAGING}/${start}`
    const inodes = (await disk.stat(at))?.inode === before?.inode ? 'kept' : 'by-name'
    return { folding, executable, inodes }
  } finally {
    await disk.remove(at)
  }
}

/** A person may have removed the staging folder: that says nothing of the disk. */
async function created(disk: Disk, path: string): Promise<DiskWriter> {
  try {
    return await disk.create(path)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'missing') throw error
    await disk.makeFolder(STAGING)
    return disk.create(path)
  }
}

async function bitOf(file: DiskWriter): Promise<DiskHabits['executable']> {
  try {
    for (const executable of [true, false]) {
      await file.setExecutable(executable)
      if ((await file.stat()).executable !== executable) return 'alike'
    }
    return 'kept'
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    // Some refuse it. Any other failure is none of the bit.
    return error.code === 'forbidden' ? 'alike' : 'unknown'
  }
}
