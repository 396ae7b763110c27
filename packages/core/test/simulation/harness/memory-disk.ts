import {
  type Disk,
  DiskError,
  type DiskFile,
  type DiskWriter,
  type FolderItem,
} from '../../../src/disk/disk.ts'
import { fail, type FileSystem } from './file-system.ts'
import { type Inode, makeDurable, statOf, withExecutable } from './inode.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The disk port over a file system in memory. `step` is awaited before every effect: what happens between two of them happens at once.
 * Where the real disk needs two calls of the system, there is a step between them, for others to come in and for death.
 */
export function memoryDisk(files: FileSystem, step: (label: string) => Promise<void>): Disk {
  const forbid = (path: string): void => {
    if (files.forbidden.has(path)) fail('forbidden', path)
  }
  const folderAt = (path: string): Inode => {
    const folder = path === '' ? files.root : files.get(path)
    if (folder.kind !== 'folder') fail('not-folder', path)
    return folder
  }
  const fileAt = (path: string): Inode => {
    const inode = files.get(path)
    if (inode.kind === 'folder') fail('is-folder', path)
    if (inode.kind !== 'file') fail('io', path)
    forbid(path)
    return inode
  }

  return {
    root: '/simulated',

    async list(path) {
      await step(`list ${path}`)
      const folder = folderAt(path)
      forbid(path)
      return [...folder.entries].map(([name, { kind }]): FolderItem => ({
        name,
        kind,
        nameable: true,
      }))
    },

    async statAll(path, names) {
      await step(`statAll ${path}`)
      const folder = folderAt(path)
      return names.map((name) => {
        const inode = folder.entries.get(name)
        return inode === undefined
          ? new DiskError('missing', `${path}/${name}`, `${path}/${name} is gone`)
          : statOf(inode)
      })
    },

    async stat(path) {
      await step(`stat ${path}`)
      const inode = files.find(path)
      return inode === undefined ? undefined : statOf(inode)
    },

    async open(path) {
      await step(`open ${path}`)
      return openFile(files, path, fileAt(path), step)
    },

    async create(path) {
      await step(`create ${path}`)
      return openWriter(files, path, files.create(path, 'file'), step)
    },

    async readText(path) {
      await step(`readText ${path}`)
      const inode = files.find(path)
      return inode === undefined ? undefined : decoder.decode(fileAt(path).data)
    },

    async replaceText(path, text) {
      let whole = ''
      for await (const piece of typeof text === 'string' ? [text] : text) whole += piece
      await step(`replaceText ${path}`)
      const temporary = `${path}.new`
      if (files.find(temporary) !== undefined) files.unlink(temporary)
      const inode = files.create(temporary, 'file')
      files.write(inode, temporary, encoder.encode(whole))
      await step(`replaceText ${path}: flush the file`)
      makeDurable(inode)
      files.rename(temporary, path)
      await step(`replaceText ${path}: flush the folder`)
      files.flush(path.slice(0, Math.max(path.lastIndexOf('/'), 0)))
    },

    async createText(path, text) {
      await step(`createText ${path}`)
      files.write(files.create(path, 'file'), path, encoder.encode(text))
    },

    async appendText(path, text) {
      await step(`appendText ${path}`)
      const inode = files.find(path) === undefined ? files.create(path, 'file') : fileAt(path)
      const bytes = encoder.encode(text)
      const whole = new Uint8Array(inode.data.length + bytes.length)
      whole.set(inode.data)
      whole.set(bytes, inode.data.length)
      files.write(inode, path, whole)
    },

    async makeFolder(path) {
      await step(`makeFolder ${path}`)
      files.create(path, 'folder')
    },
    async removeFolder(path) {
      await step(`removeFolder ${path}`)
      files.removeFolder(path)
    },
    async remove(path) {
      await step(`remove ${path}`)
      files.unlink(path)
    },

    async rename(from, to, { overwrite }) {
      await step(`rename ${from} -> ${to}`)
      if (overwrite) {
        files.rename(from, to)
      } else if (files.get(from).kind === 'folder') {
        if (files.find(to) !== undefined) fail('exists', to)
        files.rename(from, to)
      } else {
        files.link(from, to)
        await step(`rename ${from}: unlink`)
        files.unlink(from)
      }
    },

    async setExecutable(path, executable) {
      await step(`setExecutable ${path} ${executable}`)
      files.setExecutable(fileAt(path), executable)
    },
    async setModified(path, mtime) {
      await step(`setModified ${path}`)
      files.setModified(files.get(path), mtime)
    },
    async copyMode(from, to) {
      await step(`copyMode ${from} -> ${to}`)
      const { mode } = files.get(from)
      const target = fileAt(to)
      target.mode = mode
      files.touch(target)
    },

    async flush(paths) {
      // One after the other, in any order: a death in between leaves some of them flushed.
      for (const path of paths) {
        await step(`flush ${path}`)
        files.flush(path)
      }
    },
    async flushAll() {
      await step('flush all')
      files.flushAll()
    },
    async mountPoints() {
      return new Set<string>()
    },
    async free() {
      return undefined
    },
  }
}

function openFile(
  files: FileSystem,
  path: string,
  inode: Inode,
  step: (label: string) => Promise<void>,
): DiskFile {
  inode.opened++
  return {
    async stat() {
      await step(`fstat ${path}`)
      return statOf(inode)
    },
    async *read({ from = 0, to = Number.POSITIVE_INFINITY }, signal) {
      await step(`read ${path}`)
      signal.throwIfAborted()
      const bytes = inode.data.slice(from, Math.min(to, inode.data.length))
      if (bytes.length > 0) yield bytes
    },
    async readAll() {
      await step(`readAll ${path}`)
      return inode.data.slice()
    },
    async [Symbol.asyncDispose]() {
      inode.opened--
      files.release(inode)
    },
  }
}

function openWriter(
  files: FileSystem,
  path: string,
  inode: Inode,
  step: (label: string) => Promise<void>,
): DiskWriter {
  inode.opened++
  return {
    async write(bytes, at) {
      await step(`write ${path}`)
      const whole = new Uint8Array(Math.max(inode.data.length, at + bytes.length))
      whole.set(inode.data)
      whole.set(bytes, at)
      files.write(inode, path, whole)
    },
    async setModified(mtime) {
      await step(`setModified ${path}`)
      files.setModified(inode, mtime)
    },
    async setExecutable(executable) {
      await step(`setExecutable ${path} ${executable}`)
      inode.mode = withExecutable(inode.mode, executable)
      files.touch(inode)
    },
    async stat() {
      await step(`fstat ${path}`)
      return statOf(inode)
    },
    async [Symbol.asyncDispose]() {
      inode.opened--
      files.release(inode)
    },
  }
}
