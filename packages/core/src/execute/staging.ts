import { type Disk, DiskError } from '../disk/disk.ts'

/** Takes away what was staged and is of no use: a full disk stays full while it lies there. What cannot be removed is left to the next run. */
export async function removeStaged(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}
