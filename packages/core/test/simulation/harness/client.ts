import { fail, FileSystem } from './file-system.ts'
import { isExecutable } from './inode.ts'
import type { Process } from './scheduler.ts'

const LSYNC = '.lsync'
const TRASH = `${LSYNC}/trash/`
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One simulated machine with its folder: what its person can do and see at once, and which process of lsync runs on it. */
export class Client {
  readonly name: string
  readonly files: FileSystem
  /** How far its clock is off, in milliseconds. */
  readonly skew: number
  /** The run under way. */
  running: Process | undefined
  /** Counts starts of the machine: a lock of an earlier one is dead. */
  boot = 1

  constructor(name: string, now: () => number, granularity: number, skew: number) {
    this.name = name
    this.skew = skew
    this.files = new FileSystem({ now: () => now() + skew, granularity })
    this.files.create(LSYNC, 'folder')
    this.files.flushAll()
  }

  /** What the person sees: path → content; without `.lsync`. */
  tree(): Map<string, string> {
    const tree = new Map<string, string>()
    for (const { path, inode } of this.#visible())
      if (inode.kind === 'file') tree.set(path, decoder.decode(inode.data))
    return tree
  }

  /** All that two equal clients have in common: files with their bit, and folders that hold nothing. */
  snapshot(): Map<string, string> {
    const all = new Map<string, string>()
    for (const { path, inode } of this.#visible()) {
      if (inode.kind === 'file')
        all.set(path, `${isExecutable(inode) ? 'x' : '-'}${decoder.decode(inode.data)}`)
      else if (inode.kind === 'folder' && inode.entries.size === 0) all.set(`${path}/`, '')
      else if (inode.kind !== 'folder') all.set(path, inode.kind)
    }
    return all
  }

  *#visible() {
    for (const [name, inode] of this.files.root.entries) {
      if (name === LSYNC) continue
      yield { path: name, inode }
      if (inode.kind === 'folder') yield* this.files.walk(name, inode)
    }
  }

  /** Contents in `.lsync`: in the trash, or wherever else. */
  hidden(): { readonly trash: ReadonlySet<string>; readonly other: ReadonlySet<string> } {
    const trash = new Set<string>()
    const other = new Set<string>()
    for (const { path, inode } of this.files.walk(LSYNC))
      if (inode.kind === 'file')
        (path.startsWith(TRASH) ? trash : other).add(decoder.decode(inode.data))
    return { trash, other }
  }

  read(path: string): string | undefined {
    const inode = this.files.find(path)
    return inode?.kind === 'file' ? decoder.decode(inode.data) : undefined
  }

  /** Saves as editors do: in place, or beside and renamed over it. Makes the folders; false where a file stands in their way. */
  write(path: string, content: string, inPlace: boolean): boolean {
    const { files } = this
    const there = files.find(path)
    if ((there !== undefined && there.kind !== 'file') || !this.#makeFolders(path)) return false
    if (there !== undefined && inPlace) {
      files.write(there, path, encoder.encode(content))
      return true
    }
    const beside = there === undefined ? path : `${path}.saving`
    // Left by a power cut in the midst of an earlier save.
    if (there !== undefined && files.find(beside) !== undefined) this.remove(beside)
    const inode = files.create(beside, 'file')
    files.write(inode, beside, encoder.encode(content))
    if (there !== undefined) {
      inode.mode = there.mode
      files.rename(beside, path)
    }
    return true
  }

  /** Files, and folders with all in them. */
  remove(path: string): void {
    const { files } = this
    const inode = files.find(path)
    if (inode?.kind !== 'folder') return files.unlink(path)
    for (const name of inode.entries.keys()) this.remove(`${path}/${name}`)
    files.removeFolder(path)
  }

  /** Also over a file that is there. False where it cannot be done. */
  rename(from: string, to: string): boolean {
    const { files } = this
    const source = files.find(from)
    const target = files.find(to)
    if (source === undefined || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return false
    if (target !== undefined && (target.kind !== 'file' || source.kind !== 'file')) return false
    if (!this.#makeFolders(to)) return false
    files.rename(from, to)
    return true
  }

  makeFolder(path: string): boolean {
    if (this.files.find(path) !== undefined || !this.#makeFolders(path)) return false
    this.files.create(path, 'folder')
    return true
  }

  #makeFolders(path: string): boolean {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const found = this.files.find(folder)
      if (found === undefined) this.files.create(folder, 'folder')
      else if (found.kind !== 'folder') return false
    }
    return true
  }

  inode(path: string) {
    return this.files.find(path) ?? fail('missing', path)
  }
}
