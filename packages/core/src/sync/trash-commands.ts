import { restoredName } from '../decide/conflict-name.ts'
import { isOlder } from '../decide/retention.ts'
import { DiskError } from '../disk/disk.ts'
import { makeFolders } from '../execute/trash.ts'
import type { Path } from '../model/entry.ts'
import { parentOf } from '../model/path.ts'
import { openState } from '../state/open-state.ts'
import type { Machine } from './api.ts'
import { repair } from './repair.ts'
import { lockRepository, type Repository } from './repository.ts'
import { type Emptied, listTrash, placeOf, removeAll, type TrashItem } from './trash.ts'

/**
 * Puts a file of the trash back, and overwrites nothing: where something is in its place it gets a name beside it.
 * @returns where it is now
 */
export async function restoreTrash(
  machine: Machine,
  repository: Repository,
  item: TrashItem,
  to: Path,
  signal: AbortSignal,
): Promise<Path> {
  const { disk } = repository
  // A run that is under way may be about to put it back itself.
  const release = await lockRepository(machine, repository, { signal })
  try {
    await makeFolders(disk, parentOf(to), new Set())
    for (let attempt = 0; ; attempt++) {
      const place = attempt === 0 ? to : restoredName(to, attempt)
      try {
        // A folder in its place would take the file in.
        if ((await disk.stat(place)) !== undefined)
          throw new DiskError('exists', place, 'is there already')
        await disk.rename(placeOf(item), place, { overwrite: false })
        await disk.flush([place])
        return place
      } catch (error) {
        if (!(error instanceof DiskError) || error.code !== 'exists' || attempt > 100) throw error
      }
    }
  } finally {
    await release()
  }
}

/** Removes for good what the trash holds of runs before a time (milliseconds), and only files of at least that size. */
export async function emptyTrash(
  machine: Machine,
  repository: Repository,
  { before, atLeast }: { readonly before: number; readonly atLeast: number },
  signal: AbortSignal,
): Promise<Emptied> {
  const { disk } = repository
  const release = await lockRepository(machine, repository, { signal })
  try {
    // What a run that died owes to its place is no trash.
    await repair(disk, await openState(disk, machine.world), signal)
    const items: TrashItem[] = []
    for await (const item of listTrash(disk))
      if (isOlder(item.run, before) && item.size >= atLeast) items.push(item)
    return await removeAll(disk, items)
  } finally {
    await release()
  }
}
