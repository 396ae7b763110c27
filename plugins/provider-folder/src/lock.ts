import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '@lsync/core/provider'
import { errnoOf } from './errors.ts'
import { knowsNoLinks, nameOnce } from './links.ts'
import { LOCKS } from './layout.ts'
import { makeFolder } from './make-folder.ts'

/** Keys share so many locks; few enough that the folder stays small, many enough that clients seldom meet. */
const STRIPES = 256
const LONGEST_WAIT = 10_000
/** Milliseconds after which nobody is still between making a lock and writing into it. */
const LONGEST_WRITE = 5000

/**
 * Runs an operation while no other process changes a key of the same stripe. A lock names its process; one that a dead process of this machine
 * left is taken over. Another machine's process cannot be seen: its lock is waited for, then `busy`.
 */
export async function locked<T>(
  root: string,
  key: string,
  signal: AbortSignal,
  operation: () => T,
): Promise<T> {
  // Names that a file system may take for one another share a lock.
  const folded = key.normalize('NFC').toLowerCase()
  const stripe = createHash('md5').update(folded).digest().readUInt16BE() % STRIPES
  const place = join(root, LOCKS, String(stripe))
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    boot: BOOT,
    started: startOf(process.pid),
    id: randomUUID(),
  })
  const own = `${place}.${process.pid}.${randomUUID().slice(0, 8)}`
  const until = Date.now() + LONGEST_WAIT
  let emptySince: number | undefined
  write(own, mine)
  try {
    for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
      signal.throwIfAborted()
      try {
        take(own, place, mine)
        break
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
      }
      const text = read(place)
      if (text === '') emptySince ??= performance.now()
      else emptySince = undefined
      const isAbandoned = emptySince !== undefined && performance.now() - emptySince > LONGEST_WRITE
      if ((text !== '' || isAbandoned) && takeOver(place)) continue
      if (Date.now() > until)
        throw new StorageError('busy', `another process holds the lock for ${key}`, { key })
      await sleep(wait + Math.random() * wait, undefined, { signal }).catch(() => {
        signal.throwIfAborted()
      })
    }
  } finally {
    unlinkSync(own)
  }
  try {
    return operation()
  } finally {
    // Whoever waited too long may have taken it over.
    if (read(place) === mine) rmSync(place, { force: true })
  }
}

/** `EEXIST` where somebody holds it. */
function take(own: string, place: string, text: string): void {
  try {
    linkSync(own, place)
  } catch (error) {
    if (!knowsNoLinks(error)) throw error
    // Without hard links it is there for an instant before its text is.
    const descriptor = openSync(place, 'wx')
    try {
      writeFileSync(descriptor, text)
    } catch (failed) {
      rmSync(place, { force: true })
      throw failed
    } finally {
      closeSync(descriptor)
    }
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    makeFolder(dirname(path))
    writeFileSync(path, text)
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
  rmSync(aside, { force: true })
  return true
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isHeld(text: string): boolean {
  try {
    const { pid, host, boot, started } = JSON.parse(text) as Record<string, unknown>
    if (host !== hostname()) return true
    if (boot !== BOOT) return false
    const now = startOf(Number(pid))
    if (now === 'zombie') return false
    // Where the system tells, two processes of one number are told apart.
    if (now !== '' && started !== '') return now === started
    try {
      process.kill(Number(pid), 0)
      return true
    } catch (error) {
      // There, and another user's.
      return errnoOf(error) === 'EPERM'
    }
  } catch {
    return false
  }
}

const BOOT = read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''

/** Field 22 of /proc/PID/stat; empty where there is no such process or no /proc. A zombie holds nothing. */
function startOf(pid: number): string {
  const text = read(`/proc/${pid}/stat`) ?? ''
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? '')
}
