import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  utimesSync,
  write as writeCallback,
  writeSync,
} from 'node:fs'
import { appendFile, chmod, open, readFile, rename, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Disk, DiskError, type DiskFile, type DiskStat, type DiskWriter, type FolderItem } from './disk.ts'
import { mountPoints } from './mounts.ts'
import { diskError } from './node-errors.ts'
import { flushPaths } from './node-flush.ts'

const writeAt = promisify(writeCallback)
const CHUNK = 1024 * 1024
/** Above this a write goes through the thread pool, so that the event loop stays free; below, a synchronous call is far cheaper. */
const SMALL_WRITE = 256 * 1024
const STATS_AT_ONCE = 512

/**
 * The port on `node:fs`. Small hot calls are synchronous inside: the thread pool costs several times the call itself.
 * Every folder on the way to an effect is checked not to be a symbolic link, so that nothing is written out of the repository.
 * RACE: somebody may swap a folder for a link between the check and the effect (Node has no openat); worst outcome: a file of the
 * person who did so is written where the link points, under a name that did not exist there.
 */
export function nodeDisk(root: string): Disk {
  const at = (path: string): string => (path === '' ? root : join(root, path))

  const attempt = <T>(path: string, operation: () => T): T => {
    try {
      return operation()
    } catch (error) {
      throw diskError(path, error)
    }
  }
  const attemptAsync = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation()
    } catch (error) {
      throw diskError(path, error)
    }
  }
  /** Each folder above the path must be a folder, not a link to one. */
  const checkParents = (path: string): void => {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const stat = attempt(folder, () => lstatSync(at(folder)))
      if (!stat.isDirectory())
        throw new DiskError('not-folder', path, `${folder} is not a folder`)
    }
  }
  const change = async <T>(path: string, operation: () => T): Promise<T> => {
    checkParents(path)
    return attempt(path, operation)
  }

  return {
    root,

    async list(folder) {
      return attempt(folder, () => {
        const entries = readdirSync(at(folder), { withFileTypes: true })
        if (!entries.some(({ name }) => name.includes('\uFFFD')))
          return entries.map((entry) => itemOf(entry.name, entry, true))
        // A replacement character may stand there itself, or for bytes that are no UTF-8: only the bytes tell.
        return readdirSync(at(folder), { withFileTypes: true, encoding: 'buffer' }).map((entry) => {
          const name = entry.name.toString('utf8')
          return itemOf(name, entry, Buffer.from(name, 'utf8').equals(entry.name))
        })
      })
    },

    async statAll(folder, names) {
      const stats: (DiskStat | DiskError)[] = []
      const prefix = `${at(folder)}/`
      for (const [index, name] of names.entries()) {
        if (index > 0 && index % STATS_AT_ONCE === 0) await yieldToOthers()
        try {
          const stat = lstatSync(prefix + name, { throwIfNoEntry: false })
          stats.push(
            stat === undefined ? new DiskError('missing', `${folder}/${name}`, 'gone') : statOf(stat),
          )
        } catch (error) {
          stats.push(diskError(folder === '' ? name : `${folder}/${name}`, error))
        }
      }
      return stats
    },

    async stat(path) {
      try {
        const stat = lstatSync(at(path), { throwIfNoEntry: false })
        return stat === undefined ? undefined : statOf(stat)
      } catch (error) {
        const translated = diskError(path, error)
        if (translated.code === 'not-folder' || translated.code === 'missing') return undefined
        throw translated
      }
    },

    async open(path) {
      checkParents(path)
      return attempt(path, () => {
        const descriptor = openSync(at(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
        if (!fstatSync(descriptor).isFile()) {
          closeSync(descriptor)
          throw new DiskError('is-folder', path, 'not a regular file')
        }
        return fileOn(path, descriptor)
      })
    },

    async create(path) {
      checkParents(path)
      return attempt(path, () =>
        writerOn(
          path,
          openSync(
            at(path),
            constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
            0o666,
          ),
        ),
      )
    },

    async readText(path) {
      try {
        return await readFile(at(path), 'utf8')
      } catch (error) {
        const translated = diskError(path, error)
        if (translated.code === 'missing') return undefined
        throw translated
      }
    },

    async replaceText(path, text) {
      const temporary = `${path}.new`
      await attemptAsync(path, async () => {
        checkParents(path)
        const handle = await open(at(temporary), 'w')
        try {
          if (typeof text === 'string') await handle.writeFile(text)
          else for await (const piece of text) await handle.write(piece)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(at(temporary), at(path))
        await flushPaths(root, [path.slice(0, Math.max(path.lastIndexOf('/'), 0))])
      })
    },

    async createText(path, text) {
      // Written under another name and linked, so that nobody ever reads half of it.
      const temporary = `${path}.${process.pid}`
      await attemptAsync(path, async () => {
        checkParents(path)
        await using handle = await open(at(temporary), 'w')
        await handle.writeFile(text)
        try {
          linkSync(at(temporary), at(path))
        } finally {
          await unlink(at(temporary))
        }
      })
    },

    appendText: (path, text) => attemptAsync(path, () => appendFile(at(path), text)),

    makeFolder: (path) => change(path, () => mkdirSync(at(path))),
    removeFolder: (path) => change(path, () => rmdirSync(at(path))),
    async rename(from, to, { overwrite }) {
      checkParents(from)
      checkParents(to)
      attempt(to, () => {
        if (overwrite || lstatSync(at(from)).isDirectory()) {
          renameSync(at(from), at(to))
          return
        }
        try {
          linkSync(at(from), at(to))
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException
          if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'EMLINK') throw error
          // RACE: a file system without hard links; a file that turns up between the look and the rename is overwritten.
          if (lstatSync(at(to), { throwIfNoEntry: false }) !== undefined)
            throw new DiskError('exists', to, 'something is there already')
          renameSync(at(from), at(to))
          return
        }
        unlinkSync(at(from))
      })
    },
    remove: (path) => change(path, () => unlinkSync(at(path))),
    setExecutable: (path, executable) =>
      attemptAsync(path, async () => {
        checkParents(path)
        const { mode } = lstatSync(at(path))
        await chmod(at(path), executableMode(mode, executable))
      }),
    setModified: (path, mtime) =>
      change(path, () => {
        utimesSync(at(path), mtime / 1000, mtime / 1000)
      }),
    copyMode: (from, to) =>
      attemptAsync(to, async () => chmod(at(to), lstatSync(at(from)).mode & 0o7777)),

    flush: (paths) => attemptAsync('', () => flushPaths(root, paths)),
    mountPoints: () => mountPoints(root),
    async free() {
      const { bavail, bsize } = await statfs(root)
      return bavail * bsize
    },
  }
}

interface Kinds {
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

function kindOf(entry: Kinds): DiskStat['kind'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'special'
}

function itemOf(name: string, entry: Kinds, nameable: boolean): FolderItem {
  return { name, kind: kindOf(entry), nameable }
}

function statOf(stat: Stats): DiskStat {
  return {
    kind: kindOf(stat),
    size: stat.size,
    mtime: stat.mtimeMs,
    ctime: stat.ctimeMs,
    inode: stat.ino,
    device: stat.dev,
    executable: (stat.mode & 0o100) !== 0,
  }
}

/** Who may read may execute, as umask would have it for a new program. */
function executableMode(mode: number, executable: boolean): number {
  const bits = mode & 0o7777
  return executable ? bits | ((bits & 0o444) >> 2) : bits & ~0o111
}

function fileOn(path: string, descriptor: number): DiskFile {
  const attempt = <T>(operation: () => T): T => {
    try {
      return operation()
    } catch (error) {
      throw diskError(path, error)
    }
  }
  return {
    async stat() {
      return attempt(() => statOf(fstatSync(descriptor)))
    },
    async *read({ from = 0, to = Number.POSITIVE_INFINITY }, signal) {
      for (let position = from; position < to; ) {
        signal.throwIfAborted()
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, to - position))
        const read = attempt(() => readSync(descriptor, buffer, 0, buffer.length, position))
        if (read === 0) return
        position += read
        yield buffer.subarray(0, read)
        await yieldToOthers()
      }
    },
    async readAll() {
      return attempt(() => {
        const { size } = fstatSync(descriptor)
        const buffer = Buffer.allocUnsafe(size + 1)
        let length = 0
        for (;;) {
          const read = readSync(descriptor, buffer, length, buffer.length - length, length)
          if (read === 0) return buffer.subarray(0, length)
          length += read
          if (length > size) throw new DiskError('busy', path, 'it grows while it is read')
        }
      })
    },
    async [Symbol.asyncDispose]() {
      closeSync(descriptor)
    },
  }
}

function writerOn(path: string, descriptor: number): DiskWriter {
  const attempt = <T>(operation: () => T): T => {
    try {
      return operation()
    } catch (error) {
      throw diskError(path, error)
    }
  }
  return {
    async write(bytes, position) {
      let done = 0
      while (done < bytes.length) {
        const rest = bytes.length - done
        if (rest <= SMALL_WRITE)
          done += attempt(() => writeSync(descriptor, bytes, done, rest, position + done))
        else
          try {
            done += (await writeAt(descriptor, bytes, done, rest, position + done)).bytesWritten
          } catch (error) {
            throw diskError(path, error)
          }
      }
    },
    async setModified(mtime) {
      attempt(() => {
        futimesSync(descriptor, mtime / 1000, mtime / 1000)
      })
    },
    async setExecutable(executable) {
      attempt(() => {
        fchmodSync(descriptor, executableMode(fstatSync(descriptor).mode, executable))
      })
    },
    async stat() {
      return attempt(() => statOf(fstatSync(descriptor)))
    },
    async [Symbol.asyncDispose]() {
      closeSync(descriptor)
    },
  }
}
