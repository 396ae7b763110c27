import { existsSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FOLDERS, MARK } from './layout.ts'

/** The empty folders above a file that is not there, as far as they are there themselves. */
export function pruneAbove(root: string, place: string): void {
  let folder = dirname(place)
  while (folder.length > root.length && !existsSync(folder)) folder = dirname(folder)
  prune(root, folder, (one) => isKept(root, one))
}

export function isKept(root: string, folder: string): boolean {
  return existsSync(join(root, FOLDERS, folder.slice(root.length), MARK))
}

/** Upwards, as long as the folders are empty; the root stays. */
export function prune(root: string, from: string, kept: (folder: string) => boolean): void {
  for (let folder = from; folder.length > root.length && !kept(folder); folder = dirname(folder))
    try {
      rmdirSync(folder)
    } catch {
      return
    }
}
