import { execFile } from 'node:child_process'
import { closeSync, fsync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { errnoOf } from './errors.ts'

/** Of an open file. */
export const flushOpen = promisify(fsync)
const run = promisify(execFile)

/** Above so many files one `sync -f` of the file system is cheaper than an fsync each. */
const FEW = 16

/** Makes what was written survive a power cut: in one go where there is much, file by file where there is little. */
export async function flushWritten(root: string, paths: readonly string[]): Promise<void> {
  if (paths.length > FEW && process.platform === 'linux')
    try {
      await run('sync', ['-f', root])
      return
    } catch {
      // No such command, or one that cannot: an fsync each does the same, or says what is wrong.
    }
  const all = new Set<string>(paths)
  for (const path of paths)
    for (let folder = dirname(path); folder.length >= root.length; folder = dirname(folder))
      all.add(folder)
  for (const path of [...all].toSorted((a, b) => b.length - a.length)) {
    let descriptor: number
    try {
      descriptor = openSync(path, 'r')
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') continue
      throw error
    }
    try {
      await flushOpen(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}
