import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LOCKS, STAGED } from './layout.ts'
import { removeName } from './links.ts'
import { isHeld } from './machine.ts'

/** Milliseconds after which what a client made for itself is no longer needed by anybody: whoever misses it makes it anew. */
const OLD = 24 * 60 * 60 * 1000
/** A client's own file. Not a lock that somebody moves aside at this moment (`N.dead.…`). */
const OWN = /^\d+\.[0-9a-f]{8}$/

/**
 * Clears what dead clients left of their own, and bytes that never got to their place; their locks are taken over one by one. What is empty may be of one that just
 * begins, and other machines' cannot be seen: those go by their age. Nothing depends on it, so what cannot be cleared stays.
 */
export function sweep(root: string): void {
  const folder = join(root, LOCKS)
  const own = namesIn(folder).filter((name) => OWN.test(name))
  const dead = new Set(own.filter((name) => isOfDead(read(join(folder, name)))))
  const staged = join(root, STAGED)
  for (const name of namesIn(staged)) {
    // `stagingPlace` names them after their client.
    const [pid, id] = name.split('.')
    if (dead.has(`${pid}.${id}`) || isOld(join(staged, name), 'ctimeMs')) forget(join(staged, name))
  }
  // After their bytes, whose client nobody could tell any more.
  for (const name of own)
    if (dead.has(name) || isOld(join(folder, name), 'mtimeMs')) forget(join(folder, name))
}

function isOfDead(text: string | undefined): boolean {
  return text !== undefined && text !== '' && !isHeld(text)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // A folder that may be written, but not looked into.
    return []
  }
}

/** Bytes on their way have the modification time of the file that they are of: only their ctime says when something was done to them. */
function isOld(path: string, time: 'ctimeMs' | 'mtimeMs'): boolean {
  try {
    return Date.now() - statSync(path)[time] > OLD
  } catch {
    return false
  }
}

/** As far as it can be. */
export function forget(path: string): void {
  try {
    removeName(path)
  } catch {
    // The next client tries again.
  }
}

export function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
