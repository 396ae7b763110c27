import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  futimesSync,
  lstatSync,
  openSync,
  renameSync,
  utimesSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type ByteSource,
  type Expect,
  type ObjectInfo,
  StorageError,
  type WriteOptions,
} from '@lsync/core/provider'
import { attempt, attemptAt, errnoOf } from './errors.ts'
import { flushOpen } from './flush.ts'
import { versionOf } from './identity.ts'
import { FOLDERS, checkKey, MARK } from './layout.ts'
import { knowsNoLinks, nameOnce, removeName } from './links.ts'
import type { Locks } from './lock.ts'
import { renewNames, statNow, statOfLeft } from './look.ts'
import { makeFolder, unmakeFolders } from './make-folder.ts'
import { announce, listedInfo, writeSidecar } from './metadata.ts'
import { forget } from './sweep.ts'

/** The folder that is written to. */
export interface Target {
  readonly root: string
  readonly locks: Locks
  /** Is told of the files that a flush must reach. */
  readonly written: (path: string) => void
}

/** Stores a key: whole, under its condition, or not at all. */
export async function writeObject(
  target: Target,
  key: string,
  source: ByteSource,
  options: WriteOptions,
): Promise<ObjectInfo> {
  const { root, locks, written } = target
  checkKey(key)
  options.signal.throwIfAborted()
  if (key.endsWith('/')) return writeFolder(target, key, source, options)
  const place = join(root, key)
  const staged = await stage(locks, key, source, options)
  let isStaged = true
  try {
    checkParents(root, key)
    const stat = await locks.run(key, options.signal, () =>
      attemptAt(key, () => {
        options.signal.throwIfAborted()
        const made: string[] = []
        const newcomer = { key, staged: staged.path, metadata: options.metadata }
        attempt(key, () => announce(root, newcomer, locks.stagingPlace()))
        try {
          put({ root, key, staged: staged.path, made }, options.expect)
        } catch (error) {
          // They would read as somebody's empty ones.
          unmakeFolders(made)
          throw error
        }
        // The second name must go before the look: removing it moves the ctime, which is part of the version.
        removeName(staged.path)
        isStaged = false
        const now = statOfLeft(place)
        const sidecar = {
          version: versionOf(now),
          metadata: options.metadata,
          sha256: staged.sha256,
        }
        written(attempt(key, () => writeSidecar(root, key, sidecar, locks.stagingPlace())))
        return now
      }),
    )
    written(place)
    return { ...listedInfo(key, stat), digests: { sha256: staged.sha256 } }
  } finally {
    if (isStaged) removeName(staged.path)
  }
}

/** Bytes on their way to their key. */
interface Arrival {
  readonly root: string
  readonly key: string
  readonly staged: string
  /** Folders that were made for it. */
  readonly made: string[]
}

function put({ root, key, staged, made }: Arrival, expect: Expect): void {
  const place = join(root, key)
  if (expect.kind === 'absent') {
    for (let attempts = 1; ; attempts++)
      try {
        return nameOnce(staged, place)
      } catch (error) {
        const code = errnoOf(error)
        if (code === 'EEXIST') {
          if (lstatSync(place).isDirectory())
            throw new StorageError('key-conflict', `${key} is a folder there`, { key })
          throw otherVersion(key)
        }
        if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
        if (attempts === MOST_ATTEMPTS) {
          // Not while others make and remove the folder: only where that is there, it is the name.
          if (code !== 'ENOENT' || !existsSync(dirname(place)) || !existsSync(staged)) throw error
          throw new StorageError('bad-key', `no file can be named so there: ${key}`, { key })
        }
        // Not there yet; or another client removed the folder's last file, and the folder with it.
        // RACE: who is killed before the file is named leaves a folder that reads as somebody's empty one; worst outcome: others get it, too, until the file comes.
        makeParents(root, key, made)
      }
  }
  const before = statNow(place)
  if (before === undefined || versionOf(before) !== expect.version) throw otherVersion(key)
  renameSync(staged, place)
  moveOn(place, before)
}

function otherVersion(key: string): StorageError {
  return new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}

const MOST_ATTEMPTS = 3
const MOST_TICKS = 20

/** The ctime of a replacement must be later than what it replaced, or a version could come back: clocks tick in steps. */
function moveOn(place: string, before: BigIntStats): void {
  // Bounded, for clocks that were set back: the inode is another one then, too, since both files stood at the same time.
  for (let tick = 0; tick < MOST_TICKS; tick++) {
    const now = lstatSync(place, { bigint: true })
    if (now.ctimeNs > before.ctimeNs) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    try {
      chmodSync(place, Number(now.mode & 0o7777n))
    } catch (error) {
      // A file system without modes: there the inode has to do.
      if (knowsNoLinks(error)) return
      throw error
    }
  }
}

export function makeParents(root: string, key: string, made?: string[]): void {
  try {
    makeFolder(dirname(join(root, key)), made)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTDIR')
      throw new StorageError('key-conflict', `a file stands where ${key} needs a folder`, {
        key,
        cause: error,
      })
    throw error
  }
}

/** Nobody may lead a key out of the root by a link. */
export function checkParents(root: string, key: string): void {
  for (let slash = key.indexOf('/'); slash > 0; slash = key.indexOf('/', slash + 1)) {
    const stat = attempt(key, () =>
      lstatSync(join(root, key.slice(0, slash)), { throwIfNoEntry: false }),
    )
    if (stat === undefined) return
    if (stat.isSymbolicLink())
      throw new StorageError('bad-key', `${key} leads through a symbolic link`, { key })
    if (!stat.isDirectory())
      throw new StorageError('key-conflict', `a file stands where ${key} needs a folder`, { key })
  }
}

/** The bytes under a name of their own, checked, with the times and the mode that the metadata names. */
async function stage(
  locks: Locks,
  key: string,
  source: ByteSource,
  { expect, metadata, signal }: WriteOptions,
): Promise<{ readonly path: string; readonly sha256: string }> {
  const executable = metadata.user['executable'] === 'true'
  const create = (place: string): number =>
    openSync(
      place,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
      executable ? 0o777 : 0o666,
    )
  const { path, descriptor } = attempt(key, () => {
    const place = locks.stagingPlace()
    try {
      return { path: place, descriptor: create(place) }
    } catch (error) {
      // Somebody tidied up.
      if (errnoOf(error) !== 'ENOENT') throw error
      makeFolder(dirname(place))
      return { path: place, descriptor: create(place) }
    }
  })
  try {
    const sha256 = createHash('sha256')
    let size = 0
    for await (const chunk of source.bytes === undefined
      ? source.open(0, signal)
      : [source.bytes]) {
      signal.throwIfAborted()
      sha256.update(chunk)
      size += chunk.length
      for (let done = 0; done < chunk.length;)
        done += attempt(key, () => writeSync(descriptor, chunk, done, chunk.length - done))
    }
    const digest = sha256.digest('hex')
    if (
      size !== source.size ||
      (source.digests.sha256 !== undefined && source.digests.sha256 !== digest)
    )
      throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
    const mtime = metadata.user['mtime'] ?? ''
    // As text: Node takes a negative number for the present time.
    if (mtime !== '' && Number.isFinite(Number(mtime)))
      attempt(key, () => futimesSync(descriptor, mtime, mtime))
    // What it replaces is gone with the rename, which may outlive a power cut that these bytes do not. New files take nothing's place and wait for `flush`:
    // 10,000 take 7 to 10 s one by one, and 0.25 s by one flush of the file system.
    if (expect.kind === 'version') await flushOpen(descriptor)
    return { path, sha256: digest }
  } catch (error) {
    forget(path)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** An empty folder: the folder itself, and a mark that keeps it when its last file goes. */
async function writeFolder(
  { root, locks, written }: Target,
  key: string,
  source: ByteSource,
  { expect, signal }: WriteOptions,
): Promise<ObjectInfo> {
  if (source.size > 0) throw new StorageError('bad-key', `a folder holds no bytes: ${key}`, { key })
  checkParents(root, key)
  return locks.run(key, signal, () =>
    attemptAt(key, () => {
      const place = join(root, key.slice(0, -1))
      const mark = join(root, FOLDERS, key.slice(0, -1))
      // Of a folder that another tool removed, or a power cut undid, the mark is left. It is no folder, as in listings, and must not be in the way of a new one.
      if (!isFolder(place)) removeName(join(mark, MARK))
      const there = statNow(join(mark, MARK))
      const holds =
        expect.kind === 'absent'
          ? there === undefined
          : there !== undefined && versionOf(there) === expect.version
      if (!holds) throw otherVersion(key)
      makeParents(root, key)
      makeFolder(place)
      makeFolder(mark)
      makeMark(join(mark, MARK), key, expect)
      const now = new Date()
      utimesSync(join(mark, MARK), now, now)
      written(place)
      written(join(mark, MARK))
      return folderInfo(key, lstatSync(join(mark, MARK), { bigint: true }))
    }),
  )
}

function isFolder(place: string): boolean {
  renewNames(dirname(place))
  return lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true
}

function makeMark(mark: string, key: string, { kind }: Expect): void {
  try {
    // Where none is expected its server says so, whatever is remembered here.
    closeSync(openSync(mark, kind === 'absent' ? 'wx' : 'a'))
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? otherVersion(key) : error
  }
}

export function folderInfo(key: string, stat: BigIntStats): ObjectInfo {
  const version = versionOf(stat)
  return {
    key,
    size: 0,
    modified: Number(stat.ctimeNs / 1_000_000n),
    version,
    fingerprint: version,
    digests: {},
    metadata: { user: {} },
  }
}
