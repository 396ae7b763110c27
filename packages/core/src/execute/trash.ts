import type { World } from '../disk/world.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import { joinPath, parentOf } from '../model/path.ts'
import { TRASH } from '../state/layout.ts'

/** Folders of the trash are named after the run's start, so that they sort by age, also those of one second: `2026-01-31T14.05.09.120Z-1f2e3d4c`. */
export class Trash {
  readonly #disk: Disk
  readonly #folder: string
  /** The name of the run's folder; that of a further one begins with it. */
  readonly run: string
  readonly #made = new Set<string>()

  constructor(disk: Disk, world: World) {
    this.#disk = disk
    const time = new Date(world.now()).toISOString().replaceAll(':', '.')
    this.run = `${time}-${world.token().slice(0, 8)}`
    this.#folder = `${TRASH}/${this.run}`
  }

  /**
   * A place for what lies at this path, in the run's folder of the trash or (where the run put something there before) in a further one. Under its own path
   * always: a number behind its name could be the name of another file that goes at the same time. Its folders exist when this resolves.
   */
  async placeFor(path: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const place = joinPath(attempt === 1 ? this.#folder : `${this.#folder}~${attempt}`, path)
      try {
        await makeFolders(this.#disk, parentOf(place), this.#made)
        if ((await this.#disk.stat(place)) === undefined) return place
      } catch (error) {
        // A file went into the trash under the name of a folder that this one needs.
        if (!(error instanceof DiskError) || error.code !== 'not-folder') throw error
      }
      if (attempt === MOST_OF_ONE_PATH)
        throw new DiskError('exists', path, `was put into the trash ${attempt} times by this run`)
    }
  }
}

/** Each round takes a path away once; what is far more is no race but an error. */
const MOST_OF_ONE_PATH = 100

/**
 * Like `mkdir -p`; `not-folder` if a file stands in the way.
 * @param made remembers what exists, to spare calls
 * @param onNew hears of each that did not exist
 */
export async function makeFolders(
  disk: Disk,
  folder: string,
  made: Set<string>,
  onNew?: (folder: string) => void,
): Promise<void> {
  if (folder === '' || made.has(folder)) return
  await makeFolders(disk, parentOf(folder), made, onNew)
  try {
    await disk.makeFolder(folder)
    onNew?.(folder)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'exists') throw error
    const found = await disk.stat(folder)
    if (found?.kind !== 'folder')
      throw new DiskError('not-folder', folder, 'is in the way: it is no folder', error)
  }
  made.add(folder)
}
