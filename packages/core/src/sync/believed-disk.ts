import { bitlessDisk, inodelessDisk } from '../disk/less-disk.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { DiskHabits } from '../scan/probe-disk.ts'
import { BITLESS, LSYNC } from '../state/layout.ts'
import type { State } from '../state/state.ts'

/**
 * The disk as far as its inodes and executable bits can be believed. A clone that was on a disk without bits, and is on one with them now (carried over with
 * all its files, or mounted by another driver), shows bits that nobody set: until they are what was agreed, they are not believed, either.
 */
export async function believedDisk(
  given: Disk,
  habits: Pick<DiskHabits, 'executable' | 'inodes'>,
): Promise<Disk> {
  const disk = habits.inodes === 'kept' ? given : inodelessDisk(given)
  if (habits.executable === 'alike') return bitlessDisk(disk)
  if (habits.executable === 'unknown') return bitlessDisk(disk, true)
  return (await wasBitless(disk)) ? bitlessDisk(disk, true) : disk
}

/** Notes a disk without bits; on one that keeps them again gives each file what was agreed. For runs that may write. */
export async function settleBits(
  disk: Disk,
  state: State,
  habits: Pick<DiskHabits, 'executable'>,
): Promise<void> {
  if (habits.executable === 'unknown') return
  const noted = await wasBitless(disk)
  if (habits.executable === 'alike') {
    if (!noted)
      await disk.replaceText(
        BITLESS,
        '# The disk on which lsync last ran here keeps no executable bits.\n',
      )
    return
  }
  if (!noted) return
  let all = true
  for await (const rows of state.rows())
    for (const { path, entry } of rows)
      if (entry.type === 'file' && !(await hasBit(disk, path, entry.executable))) all = false
  // Some may not be changed: then none of them is believed in this run, either.
  if (!all) return
  // RACE: a crash before the bits last, and after this does: worst outcome, a bit is taken for a person's change. So they are flushed first.
  await disk.flushAll()
  await disk.remove(BITLESS)
  // Else it could come back in a power cut, and undo what a person set since.
  await disk.flush([LSYNC])
}

/** True if it has this bit now, or is no file any more. */
async function hasBit(disk: Disk, path: string, executable: boolean): Promise<boolean> {
  try {
    const stat = await disk.stat(path)
    if (stat?.kind === 'file' && stat.executable !== executable)
      await disk.setExecutable(path, executable)
    return true
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

async function wasBitless(disk: Disk): Promise<boolean> {
  return (await disk.stat(BITLESS)) !== undefined
}
