import type { World } from '../disk/clock.ts'
import { type Disk, DiskError, type DiskWriter } from '../disk/disk.ts'
import { type Folding, NO_FOLDING } from '../model/folding.ts'
import { STAGING } from '../state/layout.ts'

/** What a disk does differently from others. */
export interface DiskHabits {
  /** Which names it takes for one another. */
  readonly folding: Folding
  /** False where all files look alike, whatever their mode was set to. */
  readonly keepsExecutable: boolean
}

/** Finds out the habits of the repository's disk, by a file in its staging folder. */
export async function probeDisk(disk: Disk, world: World): Promise<DiskHabits> {
  const start = `names-${world.token()}`
  const name = `${start}-a\u{e9}`
  const path = `${STAGING}/${name}`
  let keepsExecutable: boolean
  try {
    await using file = await disk.create(path)
    keepsExecutable = await keepsBit(file)
  } catch (error) {
    // A disk that cannot be written: nothing arrives there.
    if (error instanceof DiskError) return { folding: NO_FOLDING, keepsExecutable: true }
    throw error
  }
  try {
    const answers = async (end: string): Promise<boolean> =>
      (await disk.stat(`${STAGING}/${start}-${end}`)) !== undefined
    const folding = {
      case: await answers('A\u{e9}'),
      form: await answers('ae\u{301}'),
      rewrites: !(await disk.list(STAGING)).some((item) => item.name === name),
    }
    return { folding, keepsExecutable }
  } finally {
    await disk.remove(path)
  }
}

async function keepsBit(file: DiskWriter): Promise<boolean> {
  try {
    for (const executable of [true, false]) {
      await file.setExecutable(executable)
      if ((await file.stat()).executable !== executable) return false
    }
    return true
  } catch (error) {
    // Some refuse it instead.
    if (error instanceof DiskError) return false
    throw error
  }
}
