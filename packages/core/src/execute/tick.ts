import { FINE_STEP } from '../decide/unchanged.ts'
import type { World } from '../disk/world.ts'

/**
 * Waits until the clock that stamps files has moved on from these: a file that was placed in this very tick would have to be hashed again by the next run.
 *
 * @param ctimes in milliseconds since the epoch
 */
export async function waitOutTheTick(world: World, ctimes: readonly number[]): Promise<void> {
  if (ctimes.length === 0) return
  const youngest = ctimes.reduce((latest, ctime) => Math.max(latest, ctime), 0)
  const wait = Math.min(youngest - world.now(), 0) + FINE_STEP + 2
  if (wait > 0) await world.sleep(wait, new AbortController().signal)
}
