import { type Disk, DiskError } from '../disk/disk.ts'
import { makeFolders } from '../execute/trash.ts'
import { joinPath, parentOf } from '../model/path.ts'
import { TRASH } from '../state/layout.ts'

/** One file in the trash. */
export interface TrashItem {
  /** The run that put it there: `2026-01-31T14.05.09Z-1f2e3d4c`. */
  readonly run: string
  /** Where it was. A number behind a tilde tells several of one run apart. */
  readonly path: string
  readonly size: number
  readonly modified: number
}

/** What syncs replaced or removed here, oldest run first. */
export async function* listTrash(disk: Disk): AsyncGenerator<TrashItem> {
  if ((await disk.stat(TRASH)) === undefined) return
  const runs = (await disk.list(TRASH))
    .filter(({ kind }) => kind === 'folder')
    .map(({ name }) => name)
  for (const run of runs.toSorted()) yield* below(disk, run, '')
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

/** Puts a file of the trash back to its place; DiskError `exists` where something is there. */
export async function restoreTrash(disk: Disk, item: TrashItem, to: string): Promise<void> {
  await makeFolders(disk, parentOf(to), new Set())
  await disk.rename(joinPath(joinPath(TRASH, item.run), item.path), to, { overwrite: false })
  await disk.flush([to])
}

/** Removes for good what the trash holds of runs before a time (milliseconds); returns how many files went. */
export async function emptyTrash(disk: Disk, before: number): Promise<number> {
  let removed = 0
  for await (const item of listTrash(disk)) {
    if (timeOf(item.run) >= before) continue
    await disk.remove(joinPath(joinPath(TRASH, item.run), item.path))
    removed++
    await prune(disk, parentOf(joinPath(joinPath(TRASH, item.run), item.path)))
  }
  return removed
}

async function prune(disk: Disk, folder: string): Promise<void> {
  for (let at = folder; at !== TRASH && at !== ''; at = parentOf(at))
    try {
      await disk.removeFolder(at)
    } catch (error) {
      if (error instanceof DiskError) return
      throw error
    }
}

/** When a run began, from the name of its folder. */
function timeOf(run: string): number {
  const [day = '', time = ''] = run.split('Z')[0]?.split('T') ?? []
  const parsed = Date.parse(`${day}T${time.replaceAll('.', ':')}Z`)
  return Number.isNaN(parsed) ? Number.POSITIVE_INFINITY : parsed
}
