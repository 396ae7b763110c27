import type { BaseEntry, LocalEntry } from '../model/entry.ts'

/** Whether the local file may be run; on a disk that keeps no such bit, it is what was agreed (false where nothing was). */
export function executableHere({ stat }: LocalEntry, base: BaseEntry | undefined): boolean {
  return stat.executable ?? base?.executable ?? false
}
