import { type Disk, DiskError, type NewFile } from '../disk/disk.ts'
import { joinPath, nameOf, parentOf } from '../model/path.ts'
import { NEW_FOLDER } from '../state/layout.ts'
import type { Effects } from './context.ts'
import type { Received } from './content.ts'
import { AT_ONCE } from './paced.ts'
import type { NewFolder, Placement, Ready } from './placement.ts'
import { makeFolders } from './trash.ts'

/**
 * Small files of folders that are not here yet: such a folder is filled in the staging folder and comes to its place by one rename. A third of the calls
 * that the same files take one by one, since nobody can have put anything beside them.
 */
export class NewFolders {
  readonly #effects: Effects
  /**
   * Made here by this run, as were all folders above them. Only below these, since a folder gets the group and the rights that others shall have in it from
   * the one in which it is made: from the root, by way of `.lsync`, as these did.
   */
  readonly #ours = new Set([''])

  constructor(effects: Effects) {
    this.#effects = effects
  }

  /** @returns also what must be staged by itself: what has a folder here, is large or is a link, and what could not be written this way */
  async stage(batch: readonly Placement[]): Promise<{
    readonly folders: readonly NewFolder[]
    readonly others: readonly Placement[]
  }> {
    const groups = new Map<string, Small[]>()
    const others: Placement[] = []
    const there = new Map<string, boolean>()
    for (const placement of batch) {
      const top = isSmall(placement)
        ? await this.#highestMissing(placement.action.path, there)
        : undefined
      if (top === undefined || !isSmall(placement)) others.push(placement)
      else {
        const group = groups.get(top)
        if (group === undefined) groups.set(top, [placement])
        else group.push(placement)
      }
    }
    const folders: NewFolder[] = []
    for (const [path, placements] of groups) {
      const { folder, left } = await this.#fill(path, placements)
      others.push(...left)
      if (folder.files.length > 0) folders.push(folder)
    }
    return { folders, others }
  }

  /** False where something stands there by now, or the disk does not let it: its files go one by one then. */
  async place({ path, staged, files }: NewFolder): Promise<boolean> {
    try {
      await this.#effects.disk.rename(staged, path, { overwrite: false })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return false
    }
    for (const { placement } of files) {
      let folder = parentOf(placement.action.path)
      for (; !this.#ours.has(folder); folder = parentOf(folder)) this.#ours.add(folder)
    }
    return true
  }

  /** Undefined also where it would not lie below ours. */
  async #highestMissing(path: string, there: Map<string, boolean>): Promise<string | undefined> {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const isThere =
        this.#ours.has(folder) ||
        (there.get(folder) ?? (await isAnything(this.#effects.disk, folder)))
      there.set(folder, isThere)
      if (!isThere) return this.#ours.has(parentOf(folder)) ? folder : undefined
    }
    return undefined
  }

  async #fill(
    path: string,
    placements: readonly Small[],
  ): Promise<{ readonly folder: NewFolder; readonly left: readonly Placement[] }> {
    const { disk, world, arenas } = this.#effects
    const staged = NEW_FOLDER + world.token()
    const made = new Set<string>()
    const files: Ready[] = []
    const left: Placement[] = []
    for (const some of inOneFolder(placements)) {
      await disk.rest?.()
      const inside = parentOf(some[0].action.path).slice(path.length)
      const stats = await makeFiles(disk, staged + inside, made, some)
      for (const [index, placement] of some.entries()) {
        const stat = stats[index]
        // Once more by itself: that tells what is wrong of the path that it is for.
        if (stat === undefined || stat instanceof DiskError) left.push(placement)
        else {
          const { bytes, ...content } = placement.content
          const lies = joinPath(staged + inside, nameOf(placement.action.path))
          files.push({ placement, staged: { ...content, path: lies, stat } })
          arenas.down.giveBack(bytes)
        }
      }
      // A folder without the files that it is for would read as one that a person made.
      if (stats.every((stat) => stat instanceof DiskError))
        await removeEmpty(disk, staged + inside, staged)
    }
    return { folder: { path, staged, files }, left }
  }
}

/** Also what cannot be looked at: whoever goes into it will say so. */
async function isAnything(disk: Disk, path: string): Promise<boolean> {
  try {
    return (await disk.stat(path)) !== undefined
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return true
  }
}

/** Folders that hold nothing, upwards, the last one being `top`. */
async function removeEmpty(disk: Disk, folder: string, top: string): Promise<void> {
  try {
    for (let at = folder; ; at = parentOf(at)) {
      await disk.removeFolder(at)
      if (at === top) return
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

type Small = Placement & { readonly content: Received }

function isSmall(placement: Placement): placement is Small {
  const { action, content } = placement
  return action.from === 'absent' && 'bytes' in content && !content.file.link
}

/** In rows that are short enough to be written without a rest. */
function* inOneFolder(placements: readonly Small[]): Generator<readonly [Small, ...Small[]]> {
  const byFolder = Map.groupBy(placements, ({ action }) => parentOf(action.path))
  for (const all of byFolder.values())
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const [first, ...rest] = all.slice(at, at + AT_ONCE)
      if (first !== undefined) yield [first, ...rest]
    }
}

/** @returns nothing where the folder cannot be made */
async function makeFiles(
  disk: Disk,
  folder: string,
  made: Set<string>,
  placements: readonly Small[],
): ReturnType<Disk['createAll']> {
  try {
    await makeFolders(disk, folder, made)
    return await disk.createAll(
      folder,
      placements.map(({ action, content: { info, file, bytes } }): NewFile => ({
        name: nameOf(action.path),
        bytes,
        executable: file.executable,
        mtime: file.mtime ?? info.modified,
      })),
    )
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return []
  }
}
