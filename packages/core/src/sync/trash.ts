import { expired, type Retention } from '../decide/retention.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { joinPath, parentOf } from '../model/path.ts'
import { TRASH } from '../state/layout.ts'

/** One file in the trash. */
export interface TrashItem {
  /** The run that put it there: `2026-01-31T14.05.09.120Z-1f2e3d4c`. A number behind a tilde tells several of one path and run apart. */
  readonly run: string
  /** Where it was. */
  readonly path: Path
  readonly size: number
  readonly modified: number
}

export interface Emptied {
  readonly files: number
  readonly bytes: number
}

/** What syncs replaced or removed here, oldest run first. */
export async function* listTrash(disk: Disk): AsyncGenerator<TrashItem> {
  for (const run of await runsOf(disk)) yield* below(disk, run, '')
}

async function runsOf(disk: Disk): Promise<readonly string[]> {
  if ((await disk.stat(TRASH)) === undefined) return []
  return (await disk.list(TRASH))
    .filter(({ kind }) => kind === 'folder')
    .map(({ name }) => name)
    .toSorted()
}

async function* below(disk: Disk, run: string, folder: string): AsyncGenerator<TrashItem> {
  const top = joinPath(TRASH, run)
  const at = folder === '' ? top : joinPath(top, folder)
  const items = (await disk.list(at)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, kind } of items) {
    const path = joinPath(folder, name)
    if (kind === 'folder') yield* below(disk, run, path)
    else {
      const stat = await disk.stat(joinPath(at, name))
      if (stat !== undefined) yield { run, path, size: stat.size, modified: stat.mtime }
    }
  }
}

/**
 * At the end of a run: what was in the trash for too long, or is too much, goes for good.
 * @param ours name of this run's folder
 */
export async function applyRetention(
  disk: Disk,
  retention: Retention,
  now: number,
  ours: string,
): Promise<Emptied> {
  const runs = await runsOf(disk)
  const items: TrashItem[] = []
  for (const run of runs) {
    // Where only age counts, a look at the names of the runs is enough for most of them.
    const young = expired([{ run, size: 0 }], retention, now, ours).length === 0
    if (retention.bytes === undefined && young) continue
    for await (const item of below(disk, run, '')) items.push(item)
  }
  return removeAll(disk, expired(items, retention, now, ours))
}

export async function removeAll(disk: Disk, items: readonly TrashItem[]): Promise<Emptied> {
  let bytes = 0
  for (const item of items) {
    await disk.remove(placeOf(item))
    bytes += item.size
    await removeEmptyFolders(disk, parentOf(placeOf(item)))
  }
  return { files: items.length, bytes }
}

export function placeOf({ run, path }: TrashItem): Path {
  return joinPath(joinPath(TRASH, run), path)
}

/** Removes folders upwards as long as nothing at all is in them; none that is to stay. */
export async function removeEmptyFolders(
  disk: Disk,
  folder: string,
  stays = (at: string): boolean => at === TRASH,
): Promise<void> {
  for (let at = folder; at !== '' && !stays(at); at = parentOf(at))
    try {
      await disk.removeFolder(at)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // Gone already, and so may be all that was in the one above it.
      if (error.code !== 'missing') return
    }
}
