import { type Disk, DiskError } from '../disk/disk.ts'

/** Others may have removed it meanwhile. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'missing') throw error
  }
}
