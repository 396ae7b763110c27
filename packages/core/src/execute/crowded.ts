import { DiskError } from '../disk/disk.ts'
import { firstFailure } from '../model/errors.ts'
import type { DownloadAction } from '../model/plan.ts'
import type { Effects } from './context.ts'

/** A large download that found no room, and gave back what it had. */
interface Crowded {
  readonly action: DownloadAction
  readonly error: unknown
}

/**
 * Several large downloads may each have room, and not all of them beside each other: then each fails for want of it, run after run. They are tried
 * once more, one after the other, when nothing else is under way.
 */
export class CrowdedOut {
  readonly #effects: Pick<Effects, 'disk' | 'ranged'>
  #crowded: Crowded[] = []

  constructor(effects: Pick<Effects, 'disk' | 'ranged'>) {
    this.#effects = effects
  }

  /** True where the download waits for the others to end, and its failure is not told yet. */
  takes(action: DownloadAction, error: unknown): boolean {
    const waits = isNoRoom(error) && action.remote.size >= this.#effects.ranged.from
    if (waits) this.#crowded.push({ action, error })
    return waits
  }

  /**
   * The smallest first, until one finds no room by itself.
   * @param download resolves to what it failed with, if it did
   */
  async settle(
    download: (action: DownloadAction) => Promise<unknown>,
    failed: (action: DownloadAction, error: unknown) => void,
  ): Promise<void> {
    const crowded = this.#crowded.toSorted((a, b) => a.action.remote.size - b.action.remote.size)
    this.#crowded = []
    // One alone gave way to others, which needed the room.
    let hasRoom = crowded.length > 1
    for (const { action, error } of crowded) {
      const { size } = action.remote
      hasRoom &&= size <= ((await this.#effects.disk.free()) ?? size)
      const failure = hasRoom ? await download(action) : error
      if (isNoRoom(failure)) hasRoom = false
      if (failure !== undefined) failed(action, failure)
    }
  }
}

function isNoRoom(thrown: unknown): boolean {
  const error = firstFailure(thrown)
  return error instanceof DiskError && error.code === 'no-space'
}
