import { type Disk, DiskError, type NewFile } from '../disk/disk.ts'
import type { World } from '../disk/world.ts'
import { joinPath, nameOf, parentOf } from '../model/path.ts'
import { LSYNC, NEW_FOLDER, STAGING } from '../state/layout.ts'
import type { Arena } from './arena.ts'
import type { Received } from './content.ts'
import { AT_ONCE } from './paced.ts'
import type { NewFolder, Placement, Ready } from './placement.ts'
import { makeFolders } from './trash.ts'

/**
 * Small files of folders that are not here yet: such a folder is filled in the staging folder and comes to its place by one rename. A third of the calls
 * that the same files take one by one, since nobody can have put anything beside them (docs/decisions/0034).
 */
export class NewFolders {
  readonly #effects: Needed
  /**
   * Made here by this run, as were all folders above them. Only below these, since a folder gets the group and the rights that others shall have in it from
   * the one in which it is made: from the root, by way of `.lsync`, as these did.
   */
  #ours: Promise<Set<string>> | undefined

  constructor(effects: Needed) {
    this.#effects = effects
  }

  /** @returns also what must be staged by itself: what has a folder here, is large or is a link, and what could not be written this way */
  async stage(batch: readonly Placement[]): Promise<{
    readonly folders: readonly NewFolder[]
    readonly others: readonly Placement[]
  }> {
    const ours = await this.#known()
    const groups = new Map<string, Small[]>()
    const others: Placement[] = []
    const there = new Map<string, boolean>()
    for (const placement of batch) {
      const small = asSmall(placement)
      const top = small && (await this.#highestMissing(small.action.path, ours, there))
      if (small === undefined || top === undefined) others.push(placement)
      else {
        const group = groups.get(top)
        if (group === undefined) groups.set(top, [small])
        else group.push(small)
      }
    }
    const folders: NewFolder[] = []
    for (const [path, placements] of groups) {
      const { folder, left } = await this.#fill(path, placements)
      others.push(...left)
      folders.push(folder)
    }
    return { folders, others }
  }

  /** False where something stands there by now, or the disk does not let it, and where not all of it could be made: its files go one by one then. */
  async place({ path, staged, files, isWhole }: NewFolder): Promise<boolean> {
    if (!isWhole) return false
    try {
      await this.#effects.disk.rename(staged, path, { overwrite: false })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return false
    }
    const ours = await this.#known()
    for (const { placement } of files) {
      let folder = parentOf(placement.action.path)
      for (; !ours.has(folder) && folder !== ''; folder = parentOf(folder)) ours.add(folder)
    }
    return true
  }

  /** A folder in its place, with those above it. `made` as for `makeFolders`. */
  async make(folder: string, made: Set<string>): Promise<void> {
    const ours = await this.#known()
    await makeFolders(this.#effects.disk, folder, made, (path) => {
      if (ours.has(parentOf(path))) ours.add(path)
    })
  }

  #known(): Promise<Set<string>> {
    this.#ours ??= isMadeAlike(this.#effects.disk).then((alike) => new Set(alike ? [''] : []))
    return this.#ours
  }

  /** Undefined also where it would not lie below ours. */
  async #highestMissing(
    path: string,
    ours: ReadonlySet<string>,
    there: Map<string, boolean>,
  ): Promise<string | undefined> {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const isThere =
        ours.has(folder) || (there.get(folder) ?? (await isAnything(this.#effects.disk, folder)))
      there.set(folder, isThere)
      if (!isThere) return ours.has(parentOf(folder)) ? folder : undefined
    }
    return undefined
  }

  async #fill(
    path: string,
    placements: readonly Small[],
  ): Promise<{ readonly folder: NewFolder; readonly left: readonly Placement[] }> {
    const { disk, world, arenas } = this.#effects
    const staged = NEW_FOLDER + world.token()
    // Where these are gone the disk may be another one by now: they are not made anew.
    const made = new Set([LSYNC, STAGING])
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
    }
    // What could not be made may have left a half of it, or a folder without its files: these never come to a place.
    return { folder: { path, staged, files, isWhole: left.length === 0 }, left }
  }
}

interface Needed {
  readonly disk: Disk
  readonly world: World
  readonly arenas: { readonly down: Arena }
}

async function isMadeAlike(disk: Disk): Promise<boolean> {
  try {
    return await disk.givesGroupAs('', STAGING)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return false
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

type Small = Placement & { readonly content: Received }

function asSmall({ content, ...placement }: Placement): Small | undefined {
  const isSmall = placement.action.from === 'absent' && 'bytes' in content && !content.file.link
  return isSmall ? { ...placement, content } : undefined
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
