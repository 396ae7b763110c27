import {
  type Disk,
  DiskError,
  type DiskFile,
  type DiskStat,
  type DiskWriter,
} from '../../src/disk/disk.ts'
import { parentOf } from '../../src/model/path.ts'
import type { Random } from './random.ts'
import type { Actor, Scheduler } from './scheduler.ts'

interface Inode {
  readonly id: number
  readonly kind: 'file' | 'folder' | 'link'
  data: Uint8Array
  /** What a power cut leaves of the data; undefined if it never reached the disk. */
  durable: Uint8Array | undefined
  mtime: number
  ctime: number
  executable: boolean
  links: number
}

/** Clocks that stamp files go in steps. */
const TICK = 4

/**
 * A disk in memory that forgets. Changes of names reach the disk in their order (as a journalling file system keeps them), file data on its own:
 * a power cut leaves a prefix of the names' changes since the last flush, and of each unflushed file its old data, a part, or all.
 * Inode numbers are reused at once, as ext4 does.
 */
export class MemoryDisk implements Disk {
  readonly root: string
  readonly #actor: Actor
  readonly #scheduler: Scheduler
  readonly #random: Random
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  /** Changes of names since the last flush. */
  #log: ((names: Map<string, Inode>) => void)[] = []
  #used = new Set<number>()
  /** Broken on purpose, to see the checks fail. */
  flushes = true

  constructor(actor: Actor, scheduler: Scheduler, random: Random) {
    this.root = `/${actor.name}`
    this.#actor = actor
    this.#scheduler = scheduler
    this.#random = random
    this.#set('', this.#inode('folder'))
    this.sync()
  }

  /** The same disk in the hands of the next process. */
  after(actor: Actor): MemoryDisk {
    const next = new MemoryDisk(actor, this.#scheduler, this.#random)
    next.#names = this.#names
    next.#durableNames = this.#durableNames
    next.#log = this.#log
    next.#used = this.#used
    next.flushes = this.flushes
    return next
  }

  #inode(kind: Inode['kind']): Inode {
    let id = 1
    while (this.#used.has(id)) id++
    this.#used.add(id)
    const time = this.#tick()
    return {
      id,
      kind,
      data: new Uint8Array(),
      durable: undefined,
      mtime: time,
      ctime: time,
      executable: false,
      links: 0,
    }
  }

  #tick(): number {
    return Math.floor(this.#scheduler.now / TICK) * TICK
  }

  #set(path: string, inode: Inode): void {
    inode.links++
    this.#names.set(path, inode)
    this.#log.push((names) => names.set(path, inode))
  }

  #unset(path: string): void {
    const inode = this.#names.get(path)
    if (inode === undefined) return
    this.#names.delete(path)
    this.#log.push((names) => names.delete(path))
    inode.ctime = this.#tick()
    if (--inode.links === 0) this.#used.delete(inode.id)
  }

  // ---- What a person or the machine does: at once.

  /** All changes so far survive. */
  sync(): void {
    for (const change of this.#log) change(this.#durableNames)
    this.#log = []
    for (const inode of this.#names.values()) inode.durable = inode.data
  }

  powerCut(): void {
    const kept = this.#random.below(this.#log.length + 1)
    for (const change of this.#log.slice(0, kept)) change(this.#durableNames)
    this.#log = []
    this.#names = new Map(this.#durableNames)
    this.#used = new Set()
    const seen = new Set<Inode>()
    for (const inode of this.#names.values()) {
      this.#used.add(inode.id)
      inode.links = seen.has(inode) ? inode.links + 1 : 1
      if (seen.has(inode)) continue
      seen.add(inode)
      if (inode.durable !== inode.data && this.#random.chance(0.7))
        inode.data =
          inode.durable ?? inode.data.subarray(0, this.#random.below(inode.data.length + 1))
      inode.durable = inode.data
    }
  }

  /** Files outside `.lsync`, with their content. */
  files(): Map<string, string> {
    return new Map(
      [...this.#names]
        .filter(([path, { kind }]) => kind === 'file' && !isOwn(path))
        .map(([path, { data }]) => [path, new TextDecoder().decode(data)]),
    )
  }

  links(): Map<string, string> {
    return new Map(
      [...this.#names]
        .filter(([path, { kind }]) => kind === 'link' && !isOwn(path))
        .map(([path, { data }]) => [path, new TextDecoder().decode(data)]),
    )
  }

  folders(): string[] {
    return [...this.#names.keys()].filter(
      (path) => path !== '' && !isOwn(path) && this.#names.get(path)?.kind === 'folder',
    )
  }

  /** Everything, `.lsync` too: for looking into the trash and the staging folder. */
  contents(): Set<string> {
    return new Set(
      [...this.#names.values()]
        .filter(({ kind }) => kind === 'file')
        .map(({ data }) => new TextDecoder().decode(data)),
    )
  }

  peek(path: string): (DiskStat & { readonly text: string }) | undefined {
    const inode = this.#names.get(path)
    return inode === undefined
      ? undefined
      : { ...this.#stat(inode), text: new TextDecoder().decode(inode.data) }
  }

  write(path: string, text: string): void {
    this.#parents(path)
    const old = this.#names.get(path)
    const inode = old ?? this.#inode('file')
    inode.data = new TextEncoder().encode(text)
    inode.mtime = this.#tick()
    inode.ctime = this.#tick()
    if (old === undefined) this.#set(path, inode)
  }

  link(path: string, target: string): void {
    this.#parents(path)
    this.delete(path)
    this.#setLink(path, new TextEncoder().encode(target))
  }

  delete(path: string): void {
    for (const name of [...this.#names.keys()]
      .filter((one) => one === path || one.startsWith(`${path}/`))
      .toReversed())
      this.#unset(name)
  }

  move(from: string, to: string): void {
    if (to.startsWith(`${from}/`)) return
    this.delete(to)
    this.#parents(to)
    for (const [name, inode] of Array.from(this.#names))
      if (name === from || name.startsWith(`${from}/`)) {
        this.#names.delete(name)
        const target = to + name.slice(from.length)
        this.#names.set(target, inode)
        this.#log.push((names) => {
          names.delete(name)
          names.set(target, inode)
        })
        inode.ctime = this.#tick()
      }
  }

  flip(path: string): void {
    const inode = this.#names.get(path)
    if (inode === undefined) return
    inode.executable = !inode.executable
    inode.ctime = this.#tick()
  }

  folder(path: string): void {
    this.#parents(`${path}/x`)
  }

  #parents(path: string): void {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const kind = this.#names.get(folder)?.kind
      if (kind === 'file' || kind === 'link') this.#unset(folder)
      if (!this.#names.has(folder)) this.#set(folder, this.#inode('folder'))
    }
  }

  // ---- The port: each call is a step.

  async #step(label: string, path: string): Promise<void> {
    await this.#scheduler.step(this.#actor, `${label} ${path}`)
  }

  #get(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new DiskError('missing', path, 'missing')
    return inode
  }

  #checkParent(path: string): void {
    const parent = this.#names.get(parentOf(path))
    if (parent === undefined) throw new DiskError('missing', path, 'no such folder')
    if (parent.kind !== 'folder') throw new DiskError('not-folder', path, 'not a folder')
  }

  #stat({ kind, data, mtime, ctime, id, executable }: Inode): DiskStat {
    return {
      kind,
      size: kind === 'folder' ? 0 : data.length,
      mtime,
      ctime,
      inode: id,
      device: 1,
      executable,
    }
  }

  async list(folder: string) {
    await this.#step('list', folder)
    if (this.#get(folder).kind !== 'folder')
      throw new DiskError('not-folder', folder, 'not a folder')
    const prefix = folder === '' ? '' : `${folder}/`
    return [...this.#names]
      .filter(
        ([path]) =>
          path !== '' &&
          path.startsWith(prefix) &&
          !path.slice(prefix.length).includes('/') &&
          path.length > prefix.length,
      )
      .map(([path, { kind }]) => ({ name: path.slice(prefix.length), kind, nameable: true }))
  }

  async statAll(folder: string, names: readonly string[]) {
    await this.#step('statAll', folder)
    return names.map((name) => {
      const path = folder === '' ? name : `${folder}/${name}`
      const inode = this.#names.get(path)
      return inode === undefined ? new DiskError('missing', path, 'missing') : this.#stat(inode)
    })
  }

  async stat(path: string) {
    await this.#step('stat', path)
    const inode = this.#names.get(path)
    return inode === undefined ? undefined : this.#stat(inode)
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
    this.#setLink(path, target)
  }

  #setLink(path: string, target: Uint8Array): void {
    if (this.#names.has(path)) throw new DiskError('exists', path, 'exists')
    const inode = this.#inode('link')
    inode.data = target
    // It stands in the folder, and is as durable as its name.
    inode.durable = target
    this.#set(path, inode)
  }

  async open(path: string): Promise<DiskFile> {
    await this.#step('open', path)
    const inode = this.#get(path)
    if (inode.kind !== 'file') throw new DiskError('is-folder', path, 'a folder')
    return {
      stat: async () => {
        await this.#step('fstat', path)
        return this.#stat(inode)
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
    if (this.#names.has(path)) throw new DiskError('exists', path, 'exists')
    const inode = this.#inode('file')
    this.#set(path, inode)
    return this.#writer(path, inode)
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
        inode.mtime = this.#tick()
        inode.ctime = this.#tick()
      },
      flush: async () => {
        await this.#step('flush', path)
        if (this.flushes) inode.durable = inode.data
      },
      setModified: async (mtime) => {
        inode.mtime = mtime
        inode.ctime = this.#tick()
      },
      setExecutable: async (executable) => {
        inode.executable = executable
        inode.ctime = this.#tick()
      },
      stat: async () => this.#stat(inode),
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async readText(path: string) {
    await this.#step('readText', path)
    const inode = this.#names.get(path)
    return inode === undefined ? undefined : new TextDecoder().decode(inode.data)
  }

  async replaceText(path: string, text: string | AsyncIterable<string>) {
    let whole = ''
    if (typeof text === 'string') whole = text
    else for await (const piece of text) whole += piece
    await this.#step('replaceText', path)
    this.#checkParent(path)
    const inode = this.#inode('file')
    inode.data = new TextEncoder().encode(whole)
    inode.durable = inode.data
    this.#unset(path)
    this.#set(path, inode)
    for (const change of this.#log) change(this.#durableNames)
    this.#log = []
  }

  async createText(path: string, text: string) {
    await this.#step('createText', path)
    this.#checkParent(path)
    if (this.#names.has(path)) throw new DiskError('exists', path, 'exists')
    const inode = this.#inode('file')
    inode.data = new TextEncoder().encode(text)
    this.#set(path, inode)
  }

  async appendText(path: string, text: string) {
    await this.#step('appendText', path)
    const old = this.#names.get(path)
    const inode = old ?? this.#inode('file')
    if (old === undefined) this.#set(path, inode)
    inode.data = Buffer.concat([inode.data, new TextEncoder().encode(text)])
  }

  async makeFolder(path: string) {
    await this.#step('makeFolder', path)
    this.#checkParent(path)
    if (this.#names.has(path)) throw new DiskError('exists', path, 'exists')
    this.#set(path, this.#inode('folder'))
  }

  async removeFolder(path: string) {
    await this.#step('removeFolder', path)
    if (this.#get(path).kind !== 'folder') throw new DiskError('not-folder', path, 'not a folder')
    if ([...this.#names.keys()].some((name) => name.startsWith(`${path}/`)))
      throw new DiskError('not-empty', path, 'not empty')
    this.#unset(path)
  }

  async rename(from: string, to: string, { overwrite }: { readonly overwrite: boolean }) {
    await this.#step('rename', `${from} ${to}`)
    const inode = this.#get(from)
    this.#checkParent(to)
    if (overwrite || inode.kind === 'folder') {
      this.move(from, to)
      inode.ctime = this.#tick()
      return
    }
    // As disks do it: a second name, and then the first one goes, whatever it names by then.
    if (this.#names.has(to)) throw new DiskError('exists', to, 'exists')
    if (inode.kind === 'link') this.#setLink(to, inode.data)
    else this.#set(to, inode)
    inode.ctime = this.#tick()
    await this.#step('unlink', from)
    const left = this.#names.get(from)?.kind
    if (left === 'file' || left === 'link') this.#unset(from)
  }

  async remove(path: string) {
    await this.#step('remove', path)
    if (this.#get(path).kind === 'folder') throw new DiskError('is-folder', path, 'a folder')
    this.#unset(path)
  }

  async setExecutable(path: string, executable: boolean) {
    await this.#step('setExecutable', path)
    const inode = this.#get(path)
    inode.executable = executable
    inode.ctime = this.#tick()
  }

  async setModified(path: string, mtime: number) {
    await this.#step('setModified', path)
    const inode = this.#get(path)
    inode.mtime = mtime
    inode.ctime = this.#tick()
  }

  async copyMode(from: string, to: string) {
    await this.#step('copyMode', to)
    this.#get(to).executable = this.#get(from).executable
  }

  async flush(paths: readonly string[]) {
    await this.#step('flush', paths.join(' '))
    if (!this.flushes) return
    for (const change of this.#log) change(this.#durableNames)
    this.#log = []
    for (const path of paths) {
      const inode = this.#names.get(path)
      if (inode !== undefined) inode.durable = inode.data
    }
  }

  async flushAll() {
    await this.#step('flush', 'all')
    if (this.flushes) this.sync()
  }

  async mountPoints(): Promise<ReadonlySet<string>> {
    return new Set()
  }

  async free() {
    return undefined
  }
}

/** In the `.lsync` folder of the repository, or of one within it. */
function isOwn(path: string): boolean {
  return path.split('/').includes('.lsync')
}
