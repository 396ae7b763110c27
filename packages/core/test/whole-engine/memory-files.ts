import { DiskError, type DiskStat } from '../../src/disk/disk.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

export interface Inode {
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
 * Names and inodes in memory, as a person at the machine changes them: at once.
 * Changes of names reach the disk in their order (as a journalling file system keeps them), file data on its own:
 * a power cut leaves a prefix of the names' changes since the last flush, and of each unflushed file its old data, a part, or all.
 * Inode numbers are reused at once, as ext4 does.
 */
export class MemoryFiles {
  protected readonly scheduler: Scheduler
  protected readonly random: Random
  protected names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  /** Changes of names since the last flush. */
  #log: ((names: Map<string, Inode>) => void)[] = []
  #used = new Set<number>()

  constructor(scheduler: Scheduler, random: Random) {
    this.scheduler = scheduler
    this.random = random
    this.set('', this.newInode('folder'))
    this.sync()
  }

  /** From now on these are the others' files. */
  protected takeOver(others: MemoryFiles): void {
    this.names = others.names
    this.#durableNames = others.#durableNames
    this.#log = others.#log
    this.#used = others.#used
  }

  /** Holds what the others hold, as it is once all of it has reached the disk; what becomes of them later is theirs. */
  protected copyFrom(others: MemoryFiles): void {
    others.sync()
    const copies = new Map<Inode, Inode>()
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? { ...inode }
      copies.set(inode, copy)
      return copy
    }
    this.names = new Map([...others.names].map(([path, inode]) => [path, copyOf(inode)]))
    this.#durableNames = new Map(this.names)
    this.#log = []
    this.#used = new Set(others.#used)
  }

  /** All changes so far survive. */
  sync(): void {
    this.flushNames()
    for (const inode of this.names.values()) inode.durable = inode.data
  }

  powerCut(): void {
    const kept = this.random.below(this.#log.length + 1)
    for (const change of this.#log.slice(0, kept)) change(this.#durableNames)
    this.#log = []
    this.names = new Map(this.#durableNames)
    this.#used = new Set()
    const seen = new Set<Inode>()
    for (const inode of this.names.values()) {
      this.#used.add(inode.id)
      inode.links = seen.has(inode) ? inode.links + 1 : 1
      if (seen.has(inode)) continue
      seen.add(inode)
      if (inode.durable !== inode.data && this.random.chance(0.7))
        inode.data =
          inode.durable ?? inode.data.subarray(0, this.random.below(inode.data.length + 1))
      inode.durable = inode.data
    }
  }

  /** Files outside `.lsync`, with their content. */
  files(): Map<string, string> {
    return new Map(
      [...this.names]
        .filter(([path, { kind }]) => kind === 'file' && !isOwn(path))
        .map(([path, { data }]) => [path, new TextDecoder().decode(data)]),
    )
  }

  links(): Map<string, string> {
    return new Map(
      [...this.names]
        .filter(([path, { kind }]) => kind === 'link' && !isOwn(path))
        .map(([path, { data }]) => [path, new TextDecoder().decode(data)]),
    )
  }

  folders(): string[] {
    return [...this.names.keys()].filter(
      (path) => path !== '' && !isOwn(path) && this.names.get(path)?.kind === 'folder',
    )
  }

  /** Everything, `.lsync` too: for looking into the trash and the staging folder. */
  contents(): Set<string> {
    return new Set(
      [...this.names.values()]
        .filter(({ kind }) => kind === 'file')
        .map(({ data }) => new TextDecoder().decode(data)),
    )
  }

  peek(path: string): (DiskStat & { readonly text: string }) | undefined {
    const inode = this.names.get(path)
    return inode === undefined
      ? undefined
      : { ...this.statOf(inode), text: new TextDecoder().decode(inode.data) }
  }

  write(path: string, text: string): void {
    this.#parents(path)
    const old = this.names.get(path)
    const inode = old ?? this.newInode('file')
    inode.data = new TextEncoder().encode(text)
    inode.mtime = this.tick()
    inode.ctime = this.tick()
    if (old === undefined) this.set(path, inode)
  }

  link(path: string, target: string): void {
    this.#parents(path)
    this.delete(path)
    this.setLink(path, new TextEncoder().encode(target))
  }

  delete(path: string): void {
    for (const name of [...this.names.keys()]
      .filter((one) => one === path || one.startsWith(`${path}/`))
      .toReversed())
      this.unset(name)
  }

  move(from: string, to: string): void {
    if (to.startsWith(`${from}/`)) return
    this.delete(to)
    this.#parents(to)
    const renames = Array.from(this.names).flatMap(([name, inode]) =>
      name === from || name.startsWith(`${from}/`)
        ? [{ name, target: to + name.slice(from.length), inode }]
        : [],
    )
    const rename = (names: Map<string, Inode>): void => {
      for (const { name } of renames) names.delete(name)
      for (const { target, inode } of renames) names.set(target, inode)
    }
    rename(this.names)
    // One rename, whatever is in the folder.
    this.#log.push(rename)
    // What lies in a folder does not notice that it has another name.
    const moved = this.names.get(to)
    if (moved !== undefined) moved.ctime = this.tick()
  }

  flip(path: string): void {
    const inode = this.names.get(path)
    if (inode === undefined) return
    inode.executable = !inode.executable
    inode.ctime = this.tick()
  }

  folder(path: string): void {
    this.#parents(`${path}/x`)
  }

  #parents(path: string): void {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const kind = this.names.get(folder)?.kind
      if (kind === 'file' || kind === 'link') this.unset(folder)
      if (!this.names.has(folder)) this.set(folder, this.newInode('folder'))
    }
  }

  protected newInode(kind: Inode['kind']): Inode {
    let id = 1
    while (this.#used.has(id)) id++
    this.#used.add(id)
    const time = this.tick()
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

  protected tick(): number {
    return Math.floor(this.scheduler.now / TICK) * TICK
  }

  protected set(path: string, inode: Inode): void {
    inode.links++
    this.names.set(path, inode)
    this.#log.push((names) => names.set(path, inode))
  }

  protected unset(path: string): void {
    const inode = this.names.get(path)
    if (inode === undefined) return
    this.names.delete(path)
    this.#log.push((names) => names.delete(path))
    inode.ctime = this.tick()
    if (--inode.links === 0) this.#used.delete(inode.id)
  }

  protected setLink(path: string, target: Uint8Array): void {
    if (this.names.has(path)) throw new DiskError('exists', path, 'exists')
    const inode = this.newInode('link')
    inode.data = target
    // It stands in the folder, and is as durable as its name.
    inode.durable = target
    this.set(path, inode)
  }

  protected statOf({ kind, data, mtime, ctime, id, executable }: Inode): DiskStat {
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

  /** The changes of names so far survive. */
  protected flushNames(): void {
    for (const change of this.#log) change(this.#durableNames)
    this.#log = []
  }
}

/** In the `.lsync` folder of the repository, or of one within it. */
function isOwn(path: string): boolean {
  return path.split('/').includes('.lsync')
}
