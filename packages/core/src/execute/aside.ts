import { type Disk, DiskError } from '../disk/disk.ts'
import type { LocalEntry } from '../model/entry.ts'
import { PathProblem } from './consequence.ts'
import { isMoved } from './guard.ts'

/**
 * Moves a file out of its place, into the trash, and checks that it was what this run saw; else it goes back, and is a problem (`changing`).
 * RACE: a program that holds the file open goes on writing into the trash; worst outcome: that save is found in the trash.
 *
 * @param aside a name in the trash that is ours alone
 */
export async function setAside(
  disk: Disk,
  path: string,
  aside: string,
  from: LocalEntry,
): Promise<void> {
  // One rename: with link and unlink, a save by rename in between would be unlinked unseen.
  await disk.rename(path, aside, { overwrite: true })
  try {
    if (!isMoved(await disk.stat(aside), from)) throw new PathProblem('changing')
  } catch (error) {
    // Somebody saved in the instant between: their file goes back where it was, unless there is a newer one already.
    await putBack(disk, aside, path)
    throw error
  }
}

/** Undoes a move into the trash; where the place is taken again, both are kept. */
export async function putBack(disk: Disk, aside: string, path: string): Promise<void> {
  try {
    await disk.rename(aside, path, { overwrite: false })
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'exists') throw error
  }
}
