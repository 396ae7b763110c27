import type { World } from '../disk/clock.ts'
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

  /** A free name for this path in the run's folder of the trash; its folders exist when this resolves. */
  async placeFor(path: string): Promise<string> {
    const plain = joinPath(this.#folder, path)
    for (let attempt = 1; ; attempt++) {
      const place = attempt === 1 ? plain : `${plain}~${attempt}`
      try {
        await makeFolders(this.#disk, parentOf(place), this.#made)
        if ((await this.#disk.stat(place)) === undefined) return place
      } catch (error) {
        // A file of that name went into the trash before, where this one needs a folder.
        if (!(error instanceof DiskError) || error.code !== 'not-folder' || attempt > 100)
          throw error
        const aside = joinPath(`${this.#folder}~${attempt}`, path)
        await makeFolders(this.#disk, parentOf(aside), this.#made)
        return aside
      }
    }
  }
}

/** Like `mkdir -p`. `made` remembers what exists, to spare calls; `not-folder` if a file stands in the way. */
export async function makeFolders(disk: Disk, folder: string, made: Set<string>): Promise<void> {
  if (folder === '' || made.has(folder)) return
  await makeFolders(disk, parentOf(folder), made)
  try {
    await disk.makeFolder(folder)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'exists') throw error
    const found = await disk.stat(folder)
    if (found?.kind !== 'folder')
      throw new DiskError('not-folder', folder, 'is in the way: it is no folder', error)
  }
  made.add(folder)
}
