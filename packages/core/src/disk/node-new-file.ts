import fs from 'node:fs'
import type { DiskStat, NewFile } from './disk.ts'
import { createExclusive, writeAllSync } from './node-file.ts'
import { diskStat, executableMode, timeOf } from './node-stat.ts'

/** A small file, made in one go. Of one that fails nothing stays, unless the disk lets it not even be removed. */
export function makeFile(absolute: string, path: string, file: NewFile): DiskStat {
  const descriptor = createExclusive(absolute, path)
  try {
    return fill(descriptor, file)
  } catch (error) {
    try {
      fs.unlinkSync(absolute)
    } catch {
      // What went wrong first is what counts.
    }
    throw error
  }
}

/** Closes it, too: some systems say only then that it could not be written. */
function fill(descriptor: number, { bytes, executable, mtime }: NewFile): DiskStat {
  let stat: fs.Stats
  try {
    writeAllSync(descriptor, bytes, 0)
    if (executable)
      fs.fchmodSync(descriptor, executableMode(fs.fstatSync(descriptor).mode, executable))
    fs.futimesSync(descriptor, timeOf(mtime), timeOf(mtime))
    stat = fs.fstatSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  return diskStat(stat)
}
