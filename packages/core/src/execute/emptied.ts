import { type Disk, DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { joinPath, parentOf } from '../model/path.ts'
import type { Problem } from '../model/problem.ts'
import { problemOf } from './consequence.ts'
import type { Effects } from './context.ts'

type Emptying = Pick<Effects, 'disk' | 'trash' | 'isJunk'>

/** What a plan knows of the folders that it empties. */
export interface Emptied {
  /** Keys of those that both sides are about to agree on: they stay. */
  readonly keep: ReadonlySet<string>
  /** Those that the disk did not let go, and why. */
  readonly stuck: Map<Path, DiskError>
}

/** Removes folders upwards as long as they are empty, or hold junk only; those that a person keeps empty stay. */
export async function pruneEmptied(
  effects: Emptying,
  folder: string,
  { keep, stuck }: Emptied,
): Promise<void> {
  for (let at = folder; at !== '' && !keep.has(`${at}/`); at = parentOf(at))
    try {
      if (!(await removeEmptied(effects, at))) return
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      stuck.set(at, error)
      return
    }
}

/** False if something is in it: then it stays. DiskError where it cannot be removed. */
export async function removeEmptied(effects: Emptying, folder: string): Promise<boolean> {
  try {
    await makeRoom(effects, folder)
    return true
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    if (error.code === 'missing') return true
    if (error.code === 'not-empty' || error.code === 'not-folder') return false
    throw error
  }
}

/** Of those that the disk did not let go, the ones that are empty in the end: each reads as one that a person made so. */
export async function stuckEmpty(disk: Disk, stuck: Emptied['stuck']): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const [folder, error] of stuck) {
    if (!(await isEmptyFolder(disk, folder))) continue
    const problem = problemOf(
      folder,
      new DiskError(
        error.code,
        folder,
        `${error.message}; it is empty now, and the next sync takes it for one that is to be kept`,
        error,
      ),
      true,
    )
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

/** Removes a folder that is empty, or holds only what systems leave in folders: that goes into the trash. DiskError where it stays. */
export async function makeRoom({ disk, trash, isJunk }: Emptying, folder: string): Promise<void> {
  try {
    await disk.removeFolder(folder)
    return
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'not-empty') throw error
    const items = await disk.list(folder)
    const junk = ({ name, kind, nameable }: (typeof items)[number]): boolean =>
      kind === 'file' && nameable && isJunk(joinPath(folder, name))
    if (!items.every(junk)) throw error
    for (const { name } of items) {
      const path = joinPath(folder, name)
      await disk.rename(path, await trash.placeFor(path), { overwrite: true })
    }
  }
  await disk.removeFolder(folder)
}

async function isEmptyFolder(disk: Disk, path: Path): Promise<boolean> {
  try {
    return (await disk.stat(path))?.kind === 'folder' && (await disk.list(path)).length === 0
  } catch (error) {
    // One that cannot be looked into does not read as empty either.
    if (!(error instanceof DiskError)) throw error
    return false
  }
}
