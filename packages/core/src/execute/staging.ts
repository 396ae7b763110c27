import { type Disk, DiskError } from '../disk/disk.ts'
import { joinPath } from '../model/path.ts'

/** Takes away what was staged and is of no use: a full disk stays full while it lies there. What cannot be removed is left to the next run. */
export async function removeStaged(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

/** The same with a folder and all that is in it. */
export async function removeStagedFolder(disk: Disk, folder: string): Promise<void> {
  try {
    for (const { name, kind } of await disk.list(folder)) {
      const path = joinPath(folder, name)
      await (kind === 'folder' ? removeStagedFolder(disk, path) : removeStaged(disk, path))
    }
    await disk.removeFolder(folder)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}
