import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './errors.ts'

/**
 * Makes a folder and those above it that are not there; `EINVAL` where a name cannot be kept. Not by `recursive`: where a file system answers ENOENT
 * to a name that it cannot keep (exFAT by FUSE), that never ends.
 *
 * @param made is told of each that was not there before, also where a later one fails
 */
export function makeFolder(folder: string, made: string[] = []): void {
  if (attempted(folder, made)) return
  const above = dirname(folder)
  makeFolder(above, made)
  // Others may remove it meanwhile, since it is empty: whoever needs it finds it missing, then.
  if (attempted(folder, made) || !existsSync(above) || attempted(folder, made)) return
  throw Object.assign(new Error('the name cannot be kept there'), { code: 'EINVAL' })
}

/** Takes away again what was made, as far as nobody has put anything into it. */
export function unmakeFolders(made: readonly string[]): void {
  for (const folder of made.toReversed())
    try {
      rmdirSync(folder)
    } catch {
      return
    }
}

/** False where the folder that it belongs into is missing, or the name is refused as if that were. */
function attempted(folder: string, made: string[]): boolean {
  try {
    mkdirSync(folder)
    made.push(folder)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    // A root that may not be written answers so about itself.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return true
    throw error
  }
}
