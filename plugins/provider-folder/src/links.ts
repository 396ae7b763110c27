import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './errors.ts'
import { renewNames } from './look.ts'

/** By which file systems without hard links and modes (FAT, exFAT, many shares) say so. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
])

export function knowsNoLinks(error: unknown): boolean {
  return NO_LINKS.has(errnoOf(error))
}

/**
 * Gives a file a name that must be free: `EEXIST` otherwise. It may keep the former one, too.
 * RACE: without hard links the look and the rename are two steps; worst outcome: what a tool other than lsync makes there in between is overwritten
 * (lsync's own writers hold the key's lock).
 */
export function nameOnce(file: string, name: string): void {
  try {
    linkSync(file, name)
    return
  } catch (error) {
    if (!knowsNoLinks(error)) throw error
  }
  // The folder's names may be remembered from before another client made this one.
  renewNames(dirname(name))
  if (lstatSync(name, { throwIfNoEntry: false }) !== undefined)
    throw Object.assign(new Error(`${name} is there already`), { code: 'EEXIST' })
  renameSync(file, name)
}

/** Takes away a name that need not be there. Not by `rmSync`, which looks first, and whose failures have no code where the disk fails. */
export function removeName(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
