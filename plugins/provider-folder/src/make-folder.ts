import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './errors.ts'

/**
 * Makes a folder and those above it that are not there. Not by `recursive`: where a file system answers ENOENT to a name that it cannot keep (exFAT by
 * FUSE), that never ends.
 */
export function makeFolder(folder: string): void {
  if (isThere(folder)) return
  makeFolder(dirname(folder))
  isThere(folder)
}

/** Makes it; false where the folder that it belongs into is missing, or the name is refused as if that were. */
function isThere(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return false
    // A root that may not be written answers so about itself.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return true
    throw error
  }
}
