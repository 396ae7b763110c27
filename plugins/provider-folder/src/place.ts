import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Where a folder is, whatever links its name leads through. What is not there yet lies in what is. */
export function placeOf(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    const parent = dirname(folder)
    return parent === folder ? folder : join(placeOf(parent), basename(folder))
  }
}
