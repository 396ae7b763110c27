import {
  type Disk,
  DiskError,
  type DiskFile,
  type DiskWriter,
  type NewFile,
} from '../../src/disk/disk.ts'
import { parentOf } from '../../src/model/path.ts'
import { type Inode, MemoryFiles } from './memory-files.ts'
import type { Random } from './random.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** A disk in memory that forgets, as a process sees it: each call is a step. */
export class MemoryDisk extends MemoryFiles implements Disk {
  readonly root: string
  readonly #actor: Actor
  /** Broken on purpose, to see the checks fail. */
  flushes = true

  constructor(actor: Actor, scheduler: Scheduler, random: Random) {
    super(scheduler, random)
    this.root = `/${actor.name}`
    this.#actor = actor
  }

  /** The same disk in the hands of the next process. */
  after(actor: Actor): MemoryDisk {
    const next = new MemoryDisk(actor, this.scheduler, this.random)
    next.takeOver(this)
    next.flushes = this.flushes
    return next
  }

  /** A disk apart from this one that holds the same. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk(this.#actor, this.scheduler, this.random)
    copy.copyFrom(this)
    return copy
  }

  async #step(label: string, path: string): Promise<void> {
    await this.scheduler.step(this.#actor, `${label} ${path}`)
  }

  #get(path: string): Inode {
    const inode = this.names.get(path)
    if (inode === undefined) throw new DiskError('missing', path, 'missing')
    return inode
  }

  #checkParent(path: string): void {
    const parent = this.names.get(parentOf(path))
    if (parent === undefined) throw new DiskError('missing', path, 'no such folder')
    if (parent.kind !== 'folder') throw new DiskError('not-folder', path, 'not a folder')
  }

  async list(folder: string) {
    await this.#step('list', folder)
    if (this.#get(folder).kind !== 'folder')
      throw new DiskError('not-folder', folder, 'not a folder')
    const prefix = folder === '' ? '' : `${folder}/`
    return [...this.names]
      .filter(([path]) => path !== '' && parentOf(path) === folder)
      .map(([path, { kind }]) => ({ name: path.slice(prefix.length), kind, nameable: true }))
  }

  async statAll(folder: string, names: readonly string[]) {
    await this.#step('statAll', folder)
    return names.map((name) => {
      const path = folder === '' ? name : `${folder}/${name}`
      const inode = this.names.get(path)
      return inode === undefined ? new DiskError('missing', path, 'missing') : this.statOf(inode)
    })
  }

  async stat(path: string) {
    await this.#step('stat', path)
    const inode = this.names.get(path)
    return inode === undefined ? undefined : this.statOf(inode)
  }

  async readLink(path: string) {
    await this.#step('readLink', path)
    const inode = this.#get(path)
    if (inode.kind !== 'link') throw new DiskError('missing', path, 'no link')
    return inode.data
  }

  async createLink(path: string, target: Uint8Array) {
    await this.#step('createLink', path)
    this.#checkParent(path)
    this.setLink(path, target)
  }

  async open(path: string): Promise<DiskFile> {
    await this.#step('open', path)
    const inode = this.#get(path)
    if (inode.kind !== 'file') throw new DiskError('is-folder', path, 'a folder')
    return {
      stat: async () => {
        await this.#step('fstat', path)
        return this.statOf(inode)
      },
      read: ({ from = 0, to = inode.data.length }) => this.#body(path, inode, from, to),
      readAll: async () => {
        await this.#step('read', path)
        return inode.data
      },
      readInto: async (buffer, from) => {
        await this.#step('read', path)
        const bytes = inode.data.subarray(from, from + buffer.length)
        buffer.set(bytes)
        return bytes.length
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async *#body(path: string, inode: Inode, from: number, to: number): AsyncIterable<Uint8Array> {
    await this.#step('read', path)
    yield inode.data.subarray(from, to)
  }

  async create(path: string): Promise<DiskWriter> {
    await this.#step('create', path)
    this.#checkParent(path)
    if (this.names.has(path)) throw new DiskError('exists', path, 'exists')
    const inode = this.newInode('file')
    this.set(path, inode)
    return this.#writer(path, inode)
  }

  async createAll(folder: string, files: readonly NewFile[]) {
    await this.#step('createAll', folder)
    this.#checkParent(`${folder}/x`)
    return files.map(({ name, bytes, executable, mtime }) => {
      const path = folder === '' ? name : `${folder}/${name}`
      if (this.names.has(path)) return new DiskError('exists', path, 'exists')
      const inode = this.newInode('file')
      Object.assign(inode, { data: Uint8Array.from(bytes), executable, mtime })
      this.set(path, inode)
      return this.statOf(inode)
    })
  }

  async reopen(path: string): Promise<DiskWriter> {
    await this.#step('reopen', path)
    const inode = this.#get(path)
    if (inode.kind !== 'file') throw new DiskError('is-folder', path, 'a folder')
    return this.#writer(path, inode)
  }

  #writer(path: string, inode: Inode): DiskWriter {
    return {
      write: async (bytes, at) => {
        await this.#step('write', path)
        const grown = new Uint8Array(Math.max(inode.data.length, at + bytes.length))
        grown.set(inode.data)
        grown.set(bytes, at)
        inode.data = grown
        inode.mtime = this.tick()
        inode.ctime = this.tick()
      },
      flush: async () => {
        await this.#step('flush', path)
        if (this.flushes) inode.durable = inode.data
      },
      setModified: async (mtime) => {
        inode.mtime = mtime
        inode.ctime = this.tick()
      },
      setExecutable: async (executable) => {
        inode.executable = executable
        inode.ctime = this.tick()
      },
      stat: async () => this.statOf(inode),
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async readText(path: string) {
    await this.#step('readText', path)
    const inode = this.names.get(path)
    return inode === undefined ? undefined : new TextDecoder().decode(inode.data)
  }

  async replaceText(path: string, text: string | AsyncIterable<string>) {
    let whole = ''
    if (typeof text === 'string') whole = text
    else for await (const piece of text) whole += piece
    await this.#step('replaceText', path)
    this.#checkParent(path)
    const inode = this.newInode('file')
    inode.data = new TextEncoder().encode(whole)
    inode.durable = inode.data
    this.unset(path)
    this.set(path, inode)
    this.flushNames()
  }

  async createText(path: string, text: string) {
    await this.#step('createText', path)
    this.#checkParent(path)
    if (this.names.has(path)) throw new DiskError('exists', path, 'exists')
    const inode = this.newInode('file')
    inode.data = new TextEncoder().encode(text)
    this.set(path, inode)
  }

  async appendText(path: string, text: string) {
    await this.#step('appendText', path)
    const old = this.names.get(path)
    const inode = old ?? this.newInode('file')
    if (old === undefined) this.set(path, inode)
    inode.data = Buffer.concat([inode.data, new TextEncoder().encode(text)])
  }

  async makeFolder(path: string) {
    await this.#step('makeFolder', path)
    this.#checkParent(path)
    if (this.names.has(path)) throw new DiskError('exists', path, 'exists')
    this.set(path, this.newInode('folder'))
  }

  async removeFolder(path: string) {
    await this.#step('removeFolder', path)
    if (this.#get(path).kind !== 'folder') throw new DiskError('not-folder', path, 'not a folder')
    if ([...this.names.keys()].some((name) => name.startsWith(`${path}/`)))
      throw new DiskError('not-empty', path, 'not empty')
    this.unset(path)
  }

  async rename(from: string, to: string, { overwrite }: { readonly overwrite: boolean }) {
    await this.#step('rename', `${from} ${to}`)
    const inode = this.#get(from)
    this.#checkParent(to)
    if (inode.kind === 'folder' && !overwrite && this.names.has(to))
      throw new DiskError('exists', to, 'exists')
    if (overwrite || inode.kind === 'folder') {
      this.move(from, to)
      inode.ctime = this.tick()
      return
    }
    // As disks do it: a second name, and then the first one goes, whatever it names by then.
    if (this.names.has(to)) throw new DiskError('exists', to, 'exists')
    if (inode.kind === 'link') this.setLink(to, inode.data)
    else this.set(to, inode)
    inode.ctime = this.tick()
    await this.#step('unlink', from)
    const left = this.names.get(from)?.kind
    if (left === 'file' || left === 'link') this.unset(from)
  }

  async remove(path: string) {
    await this.#step('remove', path)
    if (this.#get(path).kind === 'folder') throw new DiskError('is-folder', path, 'a folder')
    this.unset(path)
  }

  async setExecutable(path: string, executable: boolean) {
    await this.#step('setExecutable', path)
    const inode = this.#get(path)
    inode.executable = executable
    inode.ctime = this.tick()
  }

  async setModified(path: string, mtime: number) {
    await this.#step('setModified', path)
    const inode = this.#get(path)
    inode.mtime = mtime
    inode.ctime = this.tick()
  }

  async copyMode(from: string, to: string) {
    await this.#step('copyMode', to)
    this.#get(to).executable = this.#get(from).executable
  }

  async flush(paths: readonly string[]) {
    await this.#step('flush', paths.join(' '))
    if (!this.flushes) return
    this.flushNames()
    for (const path of paths) {
      const inode = this.names.get(path)
      if (inode !== undefined) inode.durable = inode.data
    }
  }

  async flushAll() {
    await this.#step('flush', 'all')
    if (this.flushes) this.sync()
  }

  readonly givesGroupAs = async () => true
  readonly mountPoints = async () => new Set<string>()
  readonly free = async () => undefined
}
