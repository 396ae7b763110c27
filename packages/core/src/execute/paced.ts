import type { Disk } from '../disk/disk.ts'

/** So many files, a millisecond or two of the disk, keep the network waiting at most. */
export const AT_ONCE = 16

/** To be called between files, never while one is at neither of its places: lets others be heard now and then. */
export function paced({ rest }: Pick<Disk, 'rest'>): () => Promise<void> {
  let count = 0
  return async () => {
    if (++count % AT_ONCE === 0) await rest?.()
  }
}
