import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import {
  type Memory,
  type ObjectBody,
  type ObjectInfo,
  type ReadOptions,
  StorageError,
} from '@lsync/core/provider'
import { attempt, errnoOf, storageError } from './errors.ts'
import { versionOf } from './identity.ts'
import { checkKey, FOLDERS, MARK } from './layout.ts'
import { statOf, TO_LOOK } from './look.ts'
import { fullInfo } from './metadata.ts'
import { checkParents, folderInfo } from './write.ts'

/** Up to here an object is read at once. */
const SMALL = 256 * 1024
const CHUNK = 512 * 1024

/**
 * The object with its metadata; for a folder key, the mark, or a folder that is empty whoever made it.
 * @param look `statNow` for whoever acts on what it says
 */
export function headOf(root: string, key: string, look = statOf): ObjectInfo | undefined {
  checkKey(key)
  if (!key.endsWith('/')) {
    const stat = look(join(root, key))
    return stat === undefined ? undefined : fullInfo(root, key, stat)
  }
  const mark = look(join(root, FOLDERS, key.slice(0, -1), MARK))
  const place = join(root, key.slice(0, -1))
  const stat = lstatSync(place, { bigint: true, throwIfNoEntry: false })
  if (stat?.isDirectory() !== true) return undefined
  if (mark !== undefined) return folderInfo(key, mark)
  return readdirSync(place).length === 0
    ? { ...folderInfo(key, stat), ...STABLE_FOLDER }
    : undefined
}

/** A folder that others made has no state but being there. */
export const STABLE_FOLDER = { version: 'folder', fingerprint: 'folder' } as const

/** Opens the file and pins it by its descriptor: a replacement meanwhile goes on beside it. */
export async function readObject(
  root: string,
  key: string,
  options: ReadOptions,
): Promise<ObjectBody> {
  checkKey(key)
  const { signal, version, from = 0, length = Number.POSITIVE_INFINITY, memory } = options
  signal.throwIfAborted()
  if (key.endsWith('/')) {
    const info = headOf(root, key)
    if (info === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
    return { info, body: (async function* nothing() {})() }
  }
  checkParents(root, key)
  const descriptor = openObject(root, key)
  let handed = false
  try {
    const stat = attempt(key, () => fstatSync(descriptor, { bigint: true }))
    if (!stat.isFile()) throw new StorageError('not-found', `no such object: ${key}`, { key })
    if (version !== undefined && versionOf(stat) !== version)
      throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
    const info = fullInfo(root, key, stat)
    const range = { from, to: Math.min(info.size, from + length) }
    const size = range.to - from
    if (size > SMALL) {
      handed = true
      return { info, body: bodyOf(key, descriptor, range, signal, memory) }
    }
    const bytes = memory?.take(Math.max(size, 0)) ?? Buffer.allocUnsafe(Math.max(size, 0))
    for (let at = 0; at < size;) at += readSome(key, descriptor, bytes.subarray(at), from + at)
    return { info, body: bodyOfBytes(bytes, memory), bytes }
  } finally {
    if (!handed) closeSync(descriptor)
  }
}

/** One that is closed to this user is no reason to fetch no other. */
function openObject(root: string, key: string): number {
  try {
    return openSync(join(root, key), TO_LOOK)
  } catch (error) {
    const failure = storageError(key, error)
    if (failure.code !== 'forbidden' || key.startsWith('.lsync/')) throw failure
    throw new StorageError('unreadable', failure.message, {
      key,
      detail: errnoOf(error),
      cause: error,
    })
  }
}

async function* bodyOfBytes(
  bytes: Uint8Array,
  memory: Memory | undefined,
): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes
  memory?.giveBack(bytes)
}

async function* bodyOf(
  key: string,
  descriptor: number,
  { from, to }: { readonly from: number; readonly to: number },
  signal: AbortSignal,
  memory: Memory | undefined,
): AsyncIterable<Uint8Array> {
  const lent = memory?.take(CHUNK)
  try {
    for (let position = from; position < to;) {
      signal.throwIfAborted()
      const length = Math.min(CHUNK, to - position)
      const buffer = lent?.subarray(0, length) ?? Buffer.allocUnsafe(length)
      const read = readSome(key, descriptor, buffer, position)
      position += read
      yield buffer.subarray(0, read)
      if (position < to) await yieldToOthers()
    }
    if (lent !== undefined) memory?.giveBack(lent)
  } finally {
    closeSync(descriptor)
  }
}

/** At least one byte. */
function readSome(key: string, descriptor: number, buffer: Uint8Array, position: number): number {
  const read = attempt(key, () => readSync(descriptor, buffer, 0, buffer.length, position))
  if (read > 0) return read
  throw new StorageError('network', `${key} became shorter while it was read`, { key })
}
