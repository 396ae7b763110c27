import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { DiskError } from './disk.ts'
import { errnoOf } from './node-errors.ts'
import { openRegular, writeAllSync } from './node-file.ts'
import { kindOf } from './node-stat.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants
/** Pieces are gathered to about this many characters: a write per line would cost more than the lines; and longer texts wait long to be tidied away. */
const BUFFER = 64 * 1024
/** How the system says that it knows no hard links here. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
])

export function knowsNoLinks(error: unknown): boolean {
  return NO_LINKS.has(errnoOf(error))
}

/** Undefined if there is no such file. `path` is for messages. */
export function readTextOf(absolute: string, path: string): string | undefined {
  if (fs.lstatSync(absolute, { throwIfNoEntry: false }) === undefined) return undefined
  const descriptor = openRegular(absolute, path)
  try {
    return fs.readFileSync(descriptor, 'utf8')
  } finally {
    fs.closeSync(descriptor)
  }
}

/** By a temporary file beside it, flushed and renamed. The folder is the caller's to flush. Keeps the mode that a person gave it. */
export async function replaceTextOf(
  absolute: string,
  text: string | AsyncIterable<string>,
): Promise<void> {
  const temporary = `${absolute}.new`
  // What a dead process left: removed rather than opened, so that nothing is written through a link of that name.
  removeIfThere(temporary)
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
  try {
    try {
      const former = fs.lstatSync(absolute, { throwIfNoEntry: false })
      if (former !== undefined && kindOf(former) === 'file') await handle.chmod(former.mode & 0o777)
      let waiting = ''
      for await (const piece of typeof text === 'string' ? [text] : text) {
        waiting += piece
        if (waiting.length < BUFFER) continue
        await handle.writeFile(waiting)
        waiting = ''
      }
      await handle.writeFile(waiting)
      await handle.sync()
    } finally {
      await handle.close()
    }
    fs.renameSync(temporary, absolute)
  } catch (error) {
    giveUp(temporary)
    throw error
  }
}

/** Written under another name and linked in, so that nobody ever reads half of it. Fails with EEXIST. */
export function createTextOf(absolute: string, text: string): void {
  const temporary = `${absolute}.${randomBytes(8).toString('hex')}`
  writeNew(temporary, text)
  try {
    fs.linkSync(temporary, absolute)
  } catch (error) {
    if (!knowsNoLinks(error)) throw error
    // RACE: without hard links a reader may see it empty for an instant; worst outcome: a lock is taken over, two runs
    // are at work at once, and the guard of each effect makes that a needless conflict.
    writeNew(absolute, text)
  } finally {
    fs.unlinkSync(temporary)
  }
}

function writeNew(absolute: string, text: string): void {
  const descriptor = fs.openSync(absolute, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
  try {
    writeAllSync(descriptor, Buffer.from(text), null)
  } catch (error) {
    giveUp(absolute)
    throw error
  } finally {
    fs.closeSync(descriptor)
  }
}

/** A full disk stays full while half a file lies there. Where it cannot be removed either, the first failure is what is to be told. */
function giveUp(temporary: string): void {
  try {
    fs.unlinkSync(temporary)
  } catch {
    // The next one that is written there removes it.
  }
}

/** Not by `rmSync`, whose failures have no code where the disk fails. */
function removeIfThere(path: string): void {
  try {
    fs.unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

/** All of the text or nothing of it, unless the process dies in between. */
export function appendTextOf(absolute: string, path: string, text: string): void {
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK
  const descriptor = fs.openSync(absolute, flags, 0o666)
  try {
    const before = fs.fstatSync(descriptor)
    if (kindOf(before) !== 'file') throw new DiskError('io', path, 'is not a regular file')
    try {
      writeAllSync(descriptor, Buffer.from(text), null)
    } catch (error) {
      fs.ftruncateSync(descriptor, before.size)
      throw error
    }
  } finally {
    fs.closeSync(descriptor)
  }
}
