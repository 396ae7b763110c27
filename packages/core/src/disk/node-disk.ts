import fs from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { joinPath, parentOf } from '../model/path.ts'
import { type Disk, DiskError, type DiskStat } from './disk.ts'
import { mountPoints } from './mounts.ts'
import { diskError, errnoOf, guarded, translate } from './node-errors.ts'
import { createExclusive, NodeFile, NodeWriter, openRegular, SpareChunks } from './node-file.ts'
import { HashThreads } from './node-hash-aside.ts'
import { flushEverything, flushPaths } from './node-flush.ts'
import { makeFile } from './node-new-file.ts'
import { itemsOf } from './node-list.ts'
import { diskStat, executableMode, timeOf } from './node-stat.ts'
import { appendTextOf, createTextOf, knowsNoLinks, readTextOf, replaceTextOf } from './node-text.ts'

const STATS_AT_ONCE = 512
/** A folder with it gives its group, and this bit, to what is made in it. */
const SETGID = 0o2000
const SET_ID = 0o6000
const MAY_BE_GONE = { throwIfNoEntry: false } as const

/**
 * The port on `node:fs`. Small hot calls are synchronous inside: the thread pool costs several times the call itself.
 * Every folder on the way is looked at and must not be a symbolic link, each time anew (about a microsecond each), so that nothing
 * is read or written out of the repository.
 * RACE: somebody may swap a folder for a link between the look and the effect (Node has no openat); worst outcome: a file of the
 * person who did so is written where the link points, under a name that did not exist there.
 */
export function nodeDisk(root: string): Disk {
  const spare = new SpareChunks()
  const threads = new HashThreads()
  const at = (path: string): string => {
    if (path === '') return root
    checkNames(path)
    return `${root}/${path}`
  }
  /** The path on the system, its folders checked. */
  const reach = (path: string): string => {
    const absolute = at(path)
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
      checkFolder(root, path.slice(0, slash))
    return absolute
  }
  const reachFolder = (folder: string): string => {
    const absolute = reach(folder)
    if (folder !== '') checkFolder(root, folder)
    return absolute
  }
  const change = async (path: string, effect: (absolute: string) => void): Promise<void> =>
    guarded(path, () => effect(reach(path)))

  return {
    root,

    async list(folder) {
      return guarded(folder, () => itemsOf(reachFolder(folder)))
    },

    async statAll(folder, names) {
      const prefix = `${guarded(folder, () => reachFolder(folder))}/`
      const stats: (DiskStat | DiskError)[] = []
      for (const name of names) {
        if (stats.length > 0 && stats.length % STATS_AT_ONCE === 0) await yieldToOthers()
        try {
          const stat = fs.lstatSync(prefix + name, MAY_BE_GONE)
          stats.push(
            stat === undefined
              ? new DiskError('missing', joinPath(folder, name), 'is not there any more')
              : diskStat(stat),
          )
        } catch (error) {
          stats.push(diskError(joinPath(folder, name), error))
        }
      }
      return stats
    },

    async stat(path) {
      try {
        const stat = fs.lstatSync(reach(path), { throwIfNoEntry: false })
        return stat === undefined ? undefined : diskStat(stat)
      } catch (error) {
        const { code } = diskError(path, error)
        if (code === 'missing' || code === 'not-folder') return undefined
        throw translate(error, path)
      }
    },

    async open(path) {
      return guarded(path, () => new NodeFile(openRegular(reach(path), path), path, threads, spare))
    },

    async readLink(path) {
      return guarded(path, () => {
        const absolute = reach(path)
        if (!fs.lstatSync(absolute).isSymbolicLink())
          throw new DiskError('missing', path, `${path} is no link any more`)
        return fs.readlinkSync(absolute, { encoding: 'buffer' })
      })
    },

    createLink: (path, target) =>
      change(path, (absolute) => {
        if (target.length === 0 || target.includes(0))
          throw new DiskError('bad-name', path, `${path} cannot point there`)
        named(absolute, path, () => fs.symlinkSync(Buffer.from(target), absolute))
      }),

    async create(path) {
      return guarded(path, () => new NodeWriter(createExclusive(reach(path), path), path, threads))
    },

    async createAll(folder, files) {
      const prefix = `${guarded(folder, () => reachFolder(folder))}/`
      return files.map((file) => {
        const path = joinPath(folder, file.name)
        try {
          checkNames(path)
          return makeFile(prefix + file.name, path, file)
        } catch (error) {
          return diskError(path, error)
        }
      })
    },

    async reopen(path) {
      return guarded(path, () => {
        const descriptor = openRegular(reach(path), path, fs.constants.O_RDWR)
        if (fs.fstatSync(descriptor).nlink <= 1) return new NodeWriter(descriptor, path, threads)
        fs.closeSync(descriptor)
        throw new DiskError('exists', path, 'has another name, too')
      })
    },

    async readText(path) {
      try {
        return readTextOf(reach(path), path)
      } catch (error) {
        if (diskError(path, error).code === 'missing') return undefined
        throw translate(error, path)
      }
    },

    async replaceText(path, text) {
      try {
        await replaceTextOf(reach(path), text)
      } catch (error) {
        throw translate(error, path)
      }
      await flushPaths(root, [parentOf(path)])
    },

    createText: (path, text) => change(path, (absolute) => createTextOf(absolute, text)),
    appendText: (path, text) => change(path, (absolute) => appendTextOf(absolute, path, text)),

    makeFolder: (path, options) =>
      change(path, (absolute) =>
        named(absolute, path, () =>
          fs.mkdirSync(absolute, options?.private === true ? { mode: 0o700 } : {}),
        ),
      ),
    async givesGroupAs(folder, other) {
      const [one, two] = [folder, other].map((path) =>
        guarded(path, () => fs.lstatSync(reachFolder(path))),
      )
      return one?.gid === two?.gid && ((one?.mode ?? 0) & SETGID) === ((two?.mode ?? 0) & SETGID)
    },
    removeFolder: (path) => change(path, (absolute) => fs.rmdirSync(absolute)),
    remove: (path) => change(path, (absolute) => fs.unlinkSync(absolute)),
    async rename(from, to, { overwrite }) {
      const source = guarded(from, () => reach(from))
      guarded(to, () => {
        const target = reach(to)
        if (overwrite) fs.renameSync(source, target)
        else named(target, to, () => renameOntoNothing(source, target, to), source)
      })
    },

    setExecutable: (path, executable) =>
      change(path, (absolute) =>
        changeMode(absolute, path, (mode) => executableMode(mode, executable)),
      ),
    setModified: (path, mtime) =>
      change(path, (absolute) => fs.lutimesSync(absolute, timeOf(mtime), timeOf(mtime))),
    async copyMode(from, to) {
      const { mode } = guarded(from, () => fs.lstatSync(reach(from)))
      guarded(to, () => changeMode(reach(to), to, () => mode & 0o777))
    },

    flush: (paths) => flushPaths(root, paths),
    flushAll: () => flushEverything(root),
    rest: () => yieldToOthers(),
    mountPoints: () => mountPoints(root),
    async free() {
      try {
        const { bavail, bsize } = await statfs(root)
        return bavail * bsize
      } catch {
        return undefined
      }
    },
  }
}

/** A second wall behind the check of the keys: no name of another meaning reaches the system. */
function checkNames(path: string): void {
  if (path.includes('\0') || /(?:^|\/)\.{0,2}(?:\/|$)/.test(path))
    throw new DiskError('bad-name', path, 'is not a path here')
}

function checkFolder(root: string, folder: string): void {
  if (!fs.lstatSync(`${root}/${folder}`).isDirectory())
    throw new DiskError('not-folder', folder, 'is not a folder')
}

/**
 * Gives something a new name. exFAT by FUSE, and some shares, answer to a name that they cannot keep as if the folder were missing, and that would read as
 * a change meanwhile.
 * @param source what is to get the name, if it has one already
 */
function named(absolute: string, path: string, give: () => void, source?: string): void {
  const attempted = (): unknown => {
    try {
      give()
      return undefined
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      return error
    }
  }
  const isThere = (place: string): boolean => fs.lstatSync(place, MAY_BE_GONE) !== undefined
  if (attempted() === undefined) return
  // Once more: another program may have taken the folder away, and made it again.
  const error = attempted()
  if (error === undefined) return
  if (!isThere(dirname(absolute)) || (source !== undefined && !isThere(source))) throw error
  throw new DiskError('bad-name', path, 'is no name that this disk can hold', error)
}

/** By link and unlink, since rename(2) replaces. */
function renameOntoNothing(source: string, target: string, to: string): void {
  const isFree = (): void => {
    if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined)
      throw new DiskError('exists', to, 'is there already')
  }
  const found = fs.lstatSync(source)
  if (found.isSymbolicLink()) {
    // Made anew, since link(2) may follow it, to where we must not reach.
    fs.symlinkSync(fs.readlinkSync(source, { encoding: 'buffer' }), target)
    fs.unlinkSync(source)
    return
  }
  if (found.isDirectory()) {
    // RACE: an empty folder that turns up in between is replaced; worst outcome: none, since it held nothing.
    isFree()
    fs.renameSync(source, target)
    return
  }
  try {
    fs.linkSync(source, target)
  } catch (error) {
    if (!knowsNoLinks(error)) throw error
    // RACE: where there are no hard links, a file that turns up between the look and the rename is overwritten.
    isFree()
    fs.renameSync(source, target)
    return
  }
  fs.unlinkSync(source)
  renewStat(target, found)
}

/**
 * Where each name of a file is remembered by itself (by FUSE over paths: mergerfs, bindfs), the one that is left has for a second the ctime of before the
 * other one went. Recorded with that, the file would look changed, and be read again. To be given to nobody else changes nothing there, and renews what is
 * remembered.
 */
function renewStat(target: string, before: fs.Stats): void {
  const now = fs.lstatSync(target, MAY_BE_GONE)
  // Of a file with these bits it would take them away.
  if (now === undefined || now.nlink <= before.nlink || (now.mode & SET_ID) !== 0) return
  try {
    fs.lchownSync(target, -1, -1)
  } catch {
    // It is only read once more.
  }
}

/** Through a descriptor, so that no link is followed. */
function changeMode(absolute: string, path: string, next: (mode: number) => number): void {
  const descriptor = openRegular(absolute, path)
  try {
    fs.fchmodSync(descriptor, next(fs.fstatSync(descriptor).mode))
  } finally {
    fs.closeSync(descriptor)
  }
}
