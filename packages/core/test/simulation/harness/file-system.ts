import { DiskError, type DiskErrorCode, type DiskKind } from '../../../src/disk/disk.ts'
import { cutFile, PendingChanges, type Slot } from './durability.ts'
import { type Inode, makeDurable, newInode, withExecutable } from './inode.ts'
import type { Random } from './random.ts'

export interface FileSystemOptions {
  readonly now: () => number
  /** Step of the clock that stamps files, in milliseconds. */
  readonly granularity: number
}

/** The system writes back by itself what has lain around for so long. */
const WRITE_BACK = 30_000

/**
 * A file system in memory: names, hard links, times, inode numbers that are reused at once; and what of it a power cut leaves.
 * Everything here happens at once. The disk port over it takes steps; a simulated person does not.
 */
export class FileSystem {
  readonly root: Inode
  /** Paths that may not be read, and folders that may not be listed. */
  readonly forbidden = new Set<string>()
  /** Bytes that all files may hold together. */
  capacity = Number.POSITIVE_INFINITY
  readonly #options: FileSystemOptions
  readonly #changes = new PendingChanges()
  #numbers = 2
  #free: number[] = []

  constructor(options: FileSystemOptions) {
    this.#options = options
    this.root = newInode(1, 'folder', 0, this.stamp())
    this.root.links = 1
    makeDurable(this.root)
  }

  now(): number {
    return this.#options.now()
  }

  stamp(time = this.now()): number {
    const { granularity } = this.#options
    return Math.floor(time / granularity) * granularity
  }

  /** Undefined where nothing is, or where a folder on the way is none. */
  find(path: string): Inode | undefined {
    let at: Inode | undefined = this.root
    if (path === '') return at
    for (const name of path.split('/')) {
      if (at?.kind !== 'folder') return undefined
      at = at.entries.get(name)
    }
    return at
  }

  get(path: string): Inode {
    this.parent(path)
    return this.find(path) ?? fail('missing', path)
  }

  /** The folder that holds it, which must exist. */
  parent(path: string): { readonly folder: Inode; readonly name: string } {
    const slash = path.lastIndexOf('/')
    const above = slash < 0 ? '' : path.slice(0, slash)
    const folder = this.find(above)
    if (folder === undefined) {
      const file = this.#fileAbove(above)
      fail(file === undefined ? 'missing' : 'not-folder', path)
    }
    if (folder.kind !== 'folder') fail('not-folder', path)
    return { folder, name: path.slice(slash + 1) }
  }

  #fileAbove(path: string): string | undefined {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const found = this.find(path.slice(0, slash))
      if (found !== undefined && found.kind !== 'folder') return path.slice(0, slash)
    }
    return undefined
  }

  create(path: string, kind: DiskKind): Inode {
    const { folder, name } = this.parent(path)
    if (folder.entries.has(name)) fail('exists', path)
    this.#needRoom(path, 1)
    const number = this.#free.pop() ?? this.#numbers++
    const inode = newInode(number, kind, this.now(), this.stamp())
    this.#change([{ folder, name, before: undefined, after: inode }])
    return inode
  }

  /** Names go, the inode with the last of them (and the last descriptor); its number is free for the next file at once. */
  #change(slots: readonly Slot[]): void {
    this.#changes.add({ at: this.now(), slots })
    for (const { after } of slots)
      if (after !== undefined) {
        after.links++
        after.ctime = this.stamp()
        after.dirtySince ??= this.now()
      }
    for (const { folder, name, before, after } of slots) {
      if (after === undefined) folder.entries.delete(name)
      else folder.entries.set(name, after)
      folder.mtime = folder.ctime = this.stamp()
      if (before === undefined) continue
      before.links--
      before.ctime = this.stamp()
      before.dirtySince ??= this.now()
      this.release(before)
    }
  }

  release(inode: Inode): void {
    if (inode.links === 0 && inode.opened === 0) this.#free.push(inode.number)
  }

  link(from: string, to: string): void {
    const inode = this.get(from)
    if (inode.kind === 'folder') fail('forbidden', from)
    const { folder, name } = this.parent(to)
    if (folder.entries.has(name)) fail('exists', to)
    this.#change([{ folder, name, before: undefined, after: inode }])
  }

  unlink(path: string): void {
    const inode = this.get(path)
    if (inode.kind === 'folder') fail('is-folder', path)
    const { folder, name } = this.parent(path)
    this.#change([{ folder, name, before: inode, after: undefined }])
  }

  removeFolder(path: string): void {
    const inode = this.get(path)
    if (inode.kind !== 'folder') fail('not-folder', path)
    if (inode.entries.size > 0) fail('not-empty', path)
    const { folder, name } = this.parent(path)
    this.#change([{ folder, name, before: inode, after: undefined }])
  }

  /** As rename(2): replaces a file by a file, and an empty folder by a folder. */
  rename(from: string, to: string): void {
    const inode = this.get(from)
    const source = this.parent(from)
    const target = this.parent(to)
    const over = target.folder.entries.get(target.name)
    if (over === inode) return
    if (to.startsWith(`${from}/`)) fail('bad-name', to)
    if (over !== undefined) {
      if (over.kind === 'folder' && inode.kind !== 'folder') fail('is-folder', to)
      if (over.kind !== 'folder' && inode.kind === 'folder') fail('not-folder', to)
      if (over.entries.size > 0) fail('not-empty', to)
    }
    this.#change([
      { ...target, before: over, after: inode },
      { ...source, before: inode, after: undefined },
    ])
  }

  write(inode: Inode, path: string, data: Uint8Array): void {
    this.#needRoom(path, data.length - inode.data.length)
    inode.data = data
    inode.mtime = this.stamp()
    this.touch(inode)
  }

  /** Attributes were set. */
  touch(inode: Inode): void {
    inode.ctime = this.stamp()
    inode.dirtySince ??= this.now()
  }

  setExecutable(inode: Inode, executable: boolean): void {
    inode.mode = withExecutable(inode.mode, executable)
    this.touch(inode)
  }

  setModified(inode: Inode, mtime: number): void {
    inode.mtime = this.stamp(mtime)
    this.touch(inode)
  }

  #needRoom(path: string, bytes: number): void {
    if (this.capacity === Number.POSITIVE_INFINITY || bytes <= 0) return
    let used = bytes
    for (const { inode } of this.walk('')) used += inode.data.length
    if (used > this.capacity) fail('no-space', path)
  }

  /** Data and attributes of what is named, and all names in the folders above it. */
  flush(path: string): void {
    const folders = new Set<Inode>([this.root])
    let at: Inode | undefined = this.root
    if (path !== '')
      for (const name of path.split('/')) {
        at = at?.kind === 'folder' ? at.entries.get(name) : undefined
        if (at?.kind === 'folder') folders.add(at)
      }
    for (const folder of folders) makeDurable(folder)
    if (at !== undefined) makeDurable(at)
    this.#changes.flush(({ slots }) => slots.some(({ folder }) => folders.has(folder)))
  }

  flushAll(): void {
    for (const { inode } of this.walk('')) makeDurable(inode)
    this.#changes.flush(() => true)
  }

  /** What lay around for long enough was written back. */
  writeBack(): void {
    const before = this.now() - WRITE_BACK
    for (const { inode } of this.walk(''))
      if (inode.dirtySince !== undefined && inode.dirtySince <= before) makeDurable(inode)
    this.#changes.flush(({ at }) => at <= before)
  }

  /** The machine loses its power: what was not flushed is kept or lost, each thing by itself. */
  cut(random: Random): void {
    this.writeBack()
    const likelihoods = [0, 0.2, 0.5, 0.8, 1]
    this.#changes.cut(random, random.pick(likelihoods))
    const forData = random.pick(likelihoods)
    const seen = new Set<Inode>()
    let most = 1
    const restore = (inode: Inode): void => {
      if (seen.has(inode)) {
        inode.links++
        return
      }
      seen.add(inode)
      inode.links = 1
      inode.opened = 0
      most = Math.max(most, inode.number)
      cutFile(inode, random, forData)
      inode.entries = new Map(inode.durableEntries)
      for (const child of inode.entries.values()) restore(child)
    }
    restore(this.root)
    // A number that was freed and given anew may stand on two files now: a check of the disk would have told them apart.
    const numbers = new Set<number>()
    for (const inode of seen) {
      if (numbers.has(inode.number)) inode.number = ++most
      numbers.add(inode.number)
    }
    this.#numbers = most + 1
    this.#free = []
    for (let number = 2; number < this.#numbers; number++)
      if (!numbers.has(number)) this.#free.push(number)
  }

  /** A process died: its descriptors are closed. */
  closeAll(): void {
    for (const { inode } of this.walk('')) inode.opened = 0
  }

  /** Everything below a folder, in no order. */
  *walk(
    folder: string,
    from: Inode | undefined = this.find(folder),
  ): Generator<{ readonly path: string; readonly inode: Inode }> {
    for (const [name, inode] of from?.entries ?? []) {
      const path = folder === '' ? name : `${folder}/${name}`
      yield { path, inode }
      if (inode.kind === 'folder') yield* this.walk(path, inode)
    }
  }
}

export function fail(code: DiskErrorCode, path: string): never {
  throw new DiskError(code, path, `${path === '' ? '.' : path}: ${code}`)
}
