import type { BigIntStats } from 'node:fs'

/**
 * A state of a file: inode, size and both times to the nanosecond. The ctime can be set by nobody, and a writer makes sure that it moves on
 * with each replacement (see write.ts), so no two states of one key are the same.
 */
export function versionOf(stat: BigIntStats): string {
  return [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs]
    .map((part) => part.toString(36))
    .join('-')
}

/** True for two versions of one size and modification time, whatever inode and ctime are. */
export function sameStamp(a: string | undefined, b: string): boolean {
  const stamp = (version: string): string => version.split('-').slice(1, -1).join('-')
  return a !== undefined && stamp(a) === stamp(b)
}
