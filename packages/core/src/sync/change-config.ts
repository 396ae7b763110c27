import type { Disk } from '../disk/disk.ts'
import { CONFIG, CONFIG_LOCK } from '../state/layout.ts'
import { takeLock } from '../state/lock.ts'
import type { Machine } from './api.ts'
import type { Repository } from './repository.ts'

/** Whoever holds it is done in an instant. */
const SECONDS = 10

/**
 * Writes the configuration anew, by an edit of what stands there now: of two who change it at once, neither undoes what the other did.
 */
export function changeConfig(
  machine: Machine,
  { disk }: Pick<Repository, 'disk'>,
  edit: (text: string) => string,
  signal: AbortSignal,
): Promise<void> {
  return holdingConfig(machine, disk, signal, async () => {
    await disk.replaceText(CONFIG, edit((await disk.readText(CONFIG)) ?? ''))
  })
}

/** Nobody else writes the configuration meanwhile. Under a lock of its own, since a run may be at work for hours, and has read its configuration already. */
export async function holdingConfig(
  { world, process: self, isAlive }: Machine,
  disk: Disk,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  const release = await takeLock(disk, world, {
    self,
    isAlive,
    wait: SECONDS,
    signal,
    file: CONFIG_LOCK,
  })
  try {
    await act()
  } finally {
    await release()
  }
}
