import { rmdirSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CallOptions, StorageError } from '@lsync/core/provider'
import { attempt, attemptAt } from './errors.ts'
import { checkKey, FOLDERS, MARK } from './layout.ts'
import type { Locks } from './lock.ts'
import { statNow, statOf } from './look.ts'
import { removeSidecar } from './metadata.ts'
import { headOf } from './read.ts'
import { checkParents } from './write.ts'

/** Removes a key under its condition, and the folders that this empties, except those that are kept by a mark. */
export async function removeObject(
  root: string,
  locks: Locks,
  key: string,
  { expect, signal }: CallOptions & { readonly expect: string },
): Promise<void> {
  checkKey(key)
  signal.throwIfAborted()
  checkParents(root, key)
  await locks.run(key, signal, () =>
    attemptAt(key, () => {
      signal.throwIfAborted()
      // Before the look, so that nothing lies between the look and the removal.
      if (!key.endsWith('/')) waitOutTheTick(join(root, key))
      const there = headOf(root, key, statNow)
      if (there === undefined)
        throw new StorageError('not-found', `no such object: ${key}`, { key })
      if (there.version !== expect)
        throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
      if (key.endsWith('/')) {
        const mark = join(root, FOLDERS, key.slice(0, -1))
        if (statOf(join(mark, MARK)) !== undefined) unlinkSync(join(mark, MARK))
        prune(join(root, FOLDERS), mark, () => false)
        prune(root, join(root, key.slice(0, -1)), (folder) => isKept(root, folder))
        return
      }
      const place = join(root, key)
      unlinkSync(place)
      attempt(key, () => removeSidecar(root, key))
      prune(root, dirname(place), (folder) => isKept(root, folder))
    }),
  )
}

/**
 * A file that is made anew in the same step of the clock, with the same inode, would have the version of the removed one.
 * Bounded, for clocks that were set back.
 */
function waitOutTheTick(place: string): void {
  for (let waited = 0; waited < TICK; waited += 2) {
    const stat = statOf(place)
    if (stat === undefined || Date.now() - Number(stat.ctimeNs / 1_000_000n) > TICK) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
  }
}

/** Milliseconds; file systems stamp with the kernel's tick, at most this long. */
const TICK = 12

function isKept(root: string, folder: string): boolean {
  return statNow(join(root, FOLDERS, folder.slice(root.length), MARK)) !== undefined
}

/** Upwards, as long as the folders are empty; the root stays. */
function prune(root: string, from: string, kept: (folder: string) => boolean): void {
  for (let folder = from; folder.length > root.length && !kept(folder); folder = dirname(folder))
    try {
      rmdirSync(folder)
    } catch {
      return
    }
}
