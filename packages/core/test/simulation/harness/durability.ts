import { type Inode, makeDurable, NOTHING } from './inode.ts'
import type { Random } from './random.ts'

/** One change of names that is not flushed yet: it survives whole or not at all. */
export interface Change {
  readonly at: number
  readonly slots: readonly Slot[]
}

export interface Slot {
  readonly folder: Inode
  readonly name: string
  readonly before: Inode | undefined
  readonly after: Inode | undefined
}

/**
 * What every file system keeps in order, however freely it orders the rest: changes of one name, changes of the names of one file
 * (an old name goes only after the new one has come), and a folder before and after what happens in it.
 */
function dependsOn(later: Change, earlier: Change): boolean {
  return later.slots.some((a) =>
    earlier.slots.some(
      (b) =>
        (a.folder === b.folder && a.name === b.name) ||
        shares(a, b) ||
        a.folder === b.before ||
        a.folder === b.after ||
        b.folder === a.before ||
        b.folder === a.after,
    ),
  )
}

function shares(a: Slot, b: Slot): boolean {
  return (
    (a.before !== undefined && (a.before === b.before || a.before === b.after)) ||
    (a.after !== undefined && (a.after === b.before || a.after === b.after))
  )
}

function apply({ slots }: Change): void {
  for (const { folder, name, after } of slots)
    if (after === undefined) folder.durableEntries.delete(name)
    else folder.durableEntries.set(name, after)
}

/** The changes of names since the last flush, in their order. */
export class PendingChanges {
  #changes: Change[] = []

  add(change: Change): void {
    this.#changes.push(change)
  }

  /** Makes durable what matches, and whatever that builds on. */
  flush(matches: (change: Change) => boolean): void {
    if (this.#changes.length === 0) return
    const kept = new Set<Change>()
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i]
      if (change === undefined) continue
      if (matches(change) || [...kept].some((later) => dependsOn(later, change))) kept.add(change)
    }
    if (kept.size === 0) return
    for (const change of this.#changes) if (kept.has(change)) apply(change)
    this.#changes = this.#changes.filter((change) => !kept.has(change))
  }

  /** A power cut: each change is kept or lost by itself, unless one that it builds on is lost. */
  cut(random: Random, likelihood: number): void {
    const lost: Change[] = []
    for (const change of this.#changes)
      if (random.chance(likelihood) && !lost.some((earlier) => dependsOn(change, earlier)))
        apply(change)
      else lost.push(change)
    this.#changes = []
  }
}

/** What a power cut leaves of a file whose data or attributes were not flushed. */
export function cutFile(inode: Inode, random: Random, likelihood: number): void {
  if (inode.dirtySince === undefined) return
  if (inode.kind === 'file' && !random.chance(likelihood)) {
    const { durable, data } = inode
    // Where only names or attributes changed, the data lies there as it did.
    if (data !== durable?.data) inode.data = leftover(data, durable?.data, random)
    if (durable !== undefined && random.chance(0.5)) {
      // The attributes are written on their own: new times on old data, or the reverse.
      inode.mode = durable.mode
      inode.mtime = durable.mtime
      inode.ctime = durable.ctime
    }
  }
  makeDurable(inode)
}

function leftover(data: Uint8Array, durable: Uint8Array | undefined, random: Random): Uint8Array {
  const from = durable ?? NOTHING
  const appended = data.length > from.length && isPrefix(from, data)
  if (appended) {
    const length = random.between(from.length, data.length)
    if (!random.chance(0.15)) return data.slice(0, length)
    // Its size was written, the blocks were not.
    const torn = new Uint8Array(data.length)
    torn.set(data.subarray(0, length))
    return torn
  }
  if (durable !== undefined && random.chance(0.6)) return durable
  return data.slice(0, random.chance(0.5) ? 0 : random.below(data.length + 1))
}

function isPrefix(prefix: Uint8Array, whole: Uint8Array): boolean {
  return prefix.every((byte, index) => whole[index] === byte)
}
