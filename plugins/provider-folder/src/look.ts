import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { StorageError } from '@lsync/core/provider'
import { errnoOf } from './errors.ts'

/** Undefined where there is no file. What a network file system says here may be what it remembers: good for whoever changes nothing. */
export function statOf(place: string): BigIntStats | undefined {
  try {
    const stat = lstatSync(place, { bigint: true, throwIfNoEntry: false })
    return stat?.isFile() === true ? stat : undefined
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/**
 * The file as it is now, for whoever holds its lock and is about to replace or remove it. A network file system answers a mere look from what it
 * remembers, for up to a minute; whoever opens something is told what its server has (close-to-open).
 * RACE: mounts that promise no such thing (`nocto`, many by FUSE) tell what they remember; worst outcome: a version that another machine made within
 * that time is replaced or removed without a conflict. Of a file that may not be read that holds for what other tools write into it in place.
 */
export function statNow(place: string): BigIntStats | undefined {
  renewNames(dirname(place))
  // Before it is opened, since to open a device or a pipe does something to it.
  const seen = statOf(place)
  if (seen === undefined) return undefined
  let descriptor: number
  try {
    descriptor = openSync(place, TO_LOOK)
  } catch (error) {
    if (UNREADABLE.has(errnoOf(error))) return seen
    if (GONE.has(errnoOf(error))) return undefined
    throw error
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true })
    return stat.isFile() ? stat : undefined
  } finally {
    closeSync(descriptor)
  }
}

/**
 * A file whose other name was just removed. Where each name is remembered by itself (by FUSE over paths: mergerfs, bindfs), this one has for a second the
 * ctime of before that, and so a version that it will not have then: each client would read the file again, and nobody could remove it. To be given to
 * nobody else changes nothing there, and renews what is remembered.
 */
export function statOfLeft(place: string): BigIntStats {
  const stat = lstatSync(place, { bigint: true })
  if (stat.nlink === 1n) return stat
  try {
    lchownSync(place, -1, -1)
  } catch {
    // Then it is as it is remembered.
  }
  return lstatSync(place, { bigint: true })
}

/** A file that nobody can make wait, and that leads nowhere else. */
export const TO_LOOK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const UNREADABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])
/** Or a link, or something special, that stands there since. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'])

/** What is remembered of a folder's names, those that are missing among them, is asked for anew. */
export function renewNames(folder: string): void {
  try {
    closeSync(openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY))
  } catch {
    // It is not there, or may not be read: the look at the name says what follows.
  }
}

/**
 * A link is no object, and leads nowhere; yet somebody who moves a file or a folder to another disk leaves one in its place. That is no removal, as little
 * as is anything else that is no file.
 */
export function refuseOther(root: string, key: string): void {
  const names = key.split('/').filter((name) => name !== '')
  for (const [index] of names.entries()) {
    const place = names.slice(0, index + 1).join('/')
    const stat = lstatSync(join(root, place), { throwIfNoEntry: false })
    if (stat?.isDirectory() === true) continue
    if (stat === undefined || stat.isFile()) return
    const kind = stat.isSymbolicLink() ? 'a symbolic link' : 'no regular file'
    throw new StorageError('unreadable', `${key}: on the remote ${place} is ${kind}`, { key })
  }
}
