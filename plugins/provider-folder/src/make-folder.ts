import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './errors.ts'

/**
 * Makes a folder and those above it that are not there; `EINVAL` where a name cannot be kept. Not by `recursive`: where a file system answers ENOENT to a name that it cannot keep (exFAT by
 * FUSE), that never ends.
 */
export function makeFolder(folder: string): void {
  if (isThere(folder)) return
  const above = dirname(folder)
  makeFolder(above)
  // Others may remove it meanwhile, since it is empty: whoever needs it finds it missing, then.
  if (isThere(folder) || !existsSync(above) || isThere(folder)) return
  throw Object.assign(new Error('the name cannot be kept there'), { code: 'EINVAL' })
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
