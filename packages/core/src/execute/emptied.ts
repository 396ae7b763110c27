import { DiskError } from '../disk/disk.ts'
import { joinPath, parentOf } from '../model/path.ts'
import type { Effects } from './context.ts'

type Emptying = Pick<Effects, 'disk' | 'trash' | 'isJunk'>

/** Removes folders upwards as long as they are empty, or hold junk only; those that a person keeps empty stay. */
export async function prune(
  effects: Emptying,
  folder: string,
  keep: ReadonlySet<string>,
): Promise<void> {
  for (let at = folder; at !== '' && !keep.has(`${at}/`); at = parentOf(at))
    if (!(await removeEmptied(effects, at))) return
}

/** False if something is in it, or it cannot be removed: then it stays. */
export async function removeEmptied(effects: Emptying, folder: string): Promise<boolean> {
  try {
    await makeRoom(effects, folder)
    return true
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return error.code === 'missing'
  }
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
