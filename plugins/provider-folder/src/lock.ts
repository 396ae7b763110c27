import { createHash, randomUUID } from 'node:crypto'
import { closeSync, linkSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '@lsync/core/provider'
import { errnoOf } from './errors.ts'
import { knowsNoLinks, nameOnce, removeName } from './links.ts'
import { LOCKS, STAGED } from './layout.ts'
import { holderOf, isHeld, self } from './machine.ts'
import { makeFolder } from './make-folder.ts'
import { forget, read, sweep } from './sweep.ts'

/** Keys share so many locks; few enough that the folder stays small, many enough that clients seldom meet. */
const STRIPES = 256
const LONGEST_WAIT = 10_000
/** Milliseconds after which nobody is still between making a lock and writing into it. */
const LONGEST_WRITE = 5000
/** To take a lock, where the folder or the client's own file is missing at first. */
const MOST_ATTEMPTS = 3

/**
 * The locks of a folder, as one client takes them. A lock names its process; one that a dead process of this machine left is taken over. Another machine's
 * process cannot be seen: its lock is waited for, then `busy`. A lock is a further name of one file that the client makes once, since to make and remove
 * one for each write is dear (docs/decisions/0031).
 */
export class Locks implements Disposable {
  readonly #root: string
  readonly #folder: string
  readonly #own: string
  /** One for all: what is done under a lock takes no turn of the event loop, so that this client holds one at a time. */
  readonly #text: string
  /** Locks that could not be read when they were to be given back, as where no more files may be open: they may be ours still. */
  readonly #unread = new Set<string>()
  #hasLinks = true
  #isKnown = false

  constructor(root: string) {
    const id = randomUUID()
    this.#root = root
    this.#folder = join(root, LOCKS)
    this.#own = join(this.#folder, `${process.pid}.${id.slice(0, 8)}`)
    this.#text = JSON.stringify({ ...self(), id })
  }

  /** Runs an operation while no other process changes a key of the same stripe. */
  async run<T>(
    key: string,
    signal: AbortSignal,
    operation: () => T extends PromiseLike<unknown> ? never : T,
  ): Promise<T> {
    // Names that a file system may take for one another share a lock.
    const folded = key.normalize('NFC').toLowerCase()
    const stripe = createHash('md5').update(folded).digest().readUInt16BE() % STRIPES
    const place = join(this.#folder, String(stripe))
    const until = performance.now() + LONGEST_WAIT
    let emptySince: number | undefined
    for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
      signal.throwIfAborted()
      if (this.#take(place)) break
      const text = read(place)
      // Ours, then: the answer of a share to an earlier attempt was lost, or it could not be read when it was to be given back.
      if (text === this.#text) break
      if (text === '') emptySince ??= performance.now()
      else emptySince = undefined
      const isAbandoned = emptySince !== undefined && performance.now() - emptySince > LONGEST_WRITE
      if ((text !== '' || isAbandoned) && takeOver(place)) continue
      if (performance.now() > until)
        throw new StorageError(
          'busy',
          `${holderOf(text ?? '')} holds the lock for ${key}: if it is gone, remove ${LOCKS}/${stripe} there`,
          { key },
        )
      await sleep(wait + Math.random() * wait, undefined, { signal }).catch(() => {
        signal.throwIfAborted()
      })
    }
    try {
      return operation()
    } finally {
      const holder = read(place)
      // Whoever waited too long may have taken it over.
      if (holder === this.#text) removeName(place)
      else if (holder === undefined) this.#unread.add(place)
    }
  }

  /** A place for bytes on their way, under a name that says whose they are: when this client is dead, another one clears them away. */
  stagingPlace(): string {
    if (!this.#isKnown) this.#make()
    return join(this.#root, STAGED, `${basename(this.#own)}.${randomUUID()}`)
  }

  [Symbol.dispose](): void {
    for (const place of this.#unread) if (read(place) === this.#text) forget(place)
    forget(this.#own)
  }

  /** False where somebody holds it. */
  #take(place: string): boolean {
    for (let attempts = 1; ; attempts++)
      try {
        if (this.#hasLinks) linkSync(this.#own, place)
        else createExclusive(place, this.#text)
        return true
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') return false
        if (attempts === MOST_ATTEMPTS) throw error
        if (errnoOf(error) === 'ENOENT') this.#make()
        else if (this.#hasLinks && knowsNoLinks(error)) this.#hasLinks = false
        else throw error
      }
  }

  /** At first, or where somebody tidied up. */
  #make(): void {
    makeFolder(this.#folder)
    makeFolder(join(this.#root, STAGED))
    sweep(this.#root)
    try {
      // An empty one would be a lock that nobody can tell the owner of.
      createExclusive(this.#own, this.#text)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
    this.#isKnown = true
  }
}

/** Whole or not at all, but for an instant in which its text is still to come: that is seen where it is a lock itself, on disks without hard links. */
function createExclusive(place: string, text: string): void {
  const descriptor = openSync(place, 'wx')
  try {
    writeFileSync(descriptor, text)
  } catch (failed) {
    forget(place)
    throw failed
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Clears a dead process's lock by moving it aside and looking at what was moved. RACE: if that was a living one's after all (somebody took over
 * in between) it is linked back; should a third process have taken the lock in that instant, two work at once, each still looking at the file's
 * state right before its rename: worst outcome, the later of two replacements made in the same microseconds wins without a conflict.
 */
function takeOver(place: string): boolean {
  let text: string
  try {
    text = readFileSync(place, 'utf8')
  } catch (error) {
    // Gone meanwhile: try again. Not ours to read: another user's, and held as far as we can tell.
    return errnoOf(error) === 'ENOENT'
  }
  if (isHeld(text)) return false
  const aside = `${place}.dead.${randomUUID().slice(0, 8)}`
  try {
    renameSync(place, aside)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true
    throw error
  }
  if (read(aside) !== text)
    try {
      nameOnce(aside, place)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  removeName(aside)
  return true
}
