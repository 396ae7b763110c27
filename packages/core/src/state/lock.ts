import type { World } from '../disk/world.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { ProcessIdentity } from '../disk/process.ts'
import { LsyncError } from '../model/errors.ts'
import { joinPath } from '../model/path.ts'
import { LOCK, LSYNC } from './layout.ts'
import { removeIfThere } from './remove.ts'

export interface LockOptions {
  readonly self: ProcessIdentity
  readonly isAlive: (holder: ProcessIdentity) => boolean
  /** Seconds to wait for somebody else's lock. */
  readonly wait: number
  readonly signal: AbortSignal
  /** For those who only read: where the disk may not be written, nobody is kept out, and nothing needs to be. */
  readonly reading?: boolean
  /** The lock's own file; that of the repository, if absent. */
  readonly file?: string
}

const POLL = 200

/**
 * Takes the repository's lock, or waits for it; LsyncError `locked` says who holds it. A lock that a dead process left is taken over.
 * @returns releases it; call it once, whatever happened
 */
export async function takeLock(
  disk: Disk,
  world: World,
  options: LockOptions,
): Promise<() => Promise<void>> {
  const { self, isAlive, wait, signal, reading, file = LOCK } = options
  const mine = `${JSON.stringify({ format: 1, ...self, since: new Date(world.now()).toISOString(), token: world.token() })}\n`
  // Counted in looks: a clock that is set back meanwhile would make the wait as much longer.
  let looks = Math.ceil((wait * 1000) / POLL)
  for (;;) {
    signal.throwIfAborted()
    try {
      await disk.createText(file, mine)
      if (reading !== true) await sweep(disk, isAlive)
      return () => release(disk, file, mine)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (reading === true && (error.code === 'forbidden' || error.code === 'read-only'))
        return async () => {}
      if (error.code !== 'exists') throw error
    }
    const text = await disk.readText(file)
    if (text === undefined) continue
    const holder = parseHolder(text)
    if (holder === undefined || !isAlive(holder)) {
      await takeAway(disk, world, file, text)
      continue
    }
    if (looks-- <= 0)
      throw new LsyncError('locked', `process ${holder.pid} on ${holder.host} is at work here`, {
        pid: holder.pid,
        host: holder.host,
        since: holder.since,
        file,
        // Whether it lives can only be told on its own computer.
        elsewhere: isOfOneMachine(holder, self) ? 0 : 1,
      })
    await world.sleep(POLL, signal)
  }
}

function isOfOneMachine(holder: ProcessIdentity, self: ProcessIdentity): boolean {
  return holder.host === self.host && (holder.machine ?? self.machine) === self.machine
}

/** Undefined for what no lsync wrote whole: it cannot be anybody's. */
function parseHolder(text: string): (ProcessIdentity & { readonly since: string }) | undefined {
  try {
    const written: Record<string, unknown> = JSON.parse(text)
    const { pid, host, machine, boot, started, since } = written
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined
    return {
      pid,
      host,
      ...(typeof machine === 'string' ? { machine } : {}),
      boot: String(boot),
      started: String(started),
      since: String(since),
    }
  } catch {
    return undefined
  }
}

/**
 * Removes a dead process's lock: by moving it aside and looking at what was moved. If that is another one (somebody took over in between),
 * it is put back. RACE: in the instant of the putting back a third process may take the lock, then two are at work at once; worst outcome:
 * needless conflicts and files in the trash, since every effect has its own guard.
 */
async function takeAway(disk: Disk, world: World, file: string, dead: string): Promise<void> {
  const aside = `${file}.${world.token()}`
  try {
    await disk.rename(file, aside, { overwrite: true })
  } catch (error) {
    if (error instanceof DiskError && error.code === 'missing') return
    throw error
  }
  const moved = await disk.readText(aside)
  if (moved !== undefined && moved !== dead) {
    try {
      await disk.createText(file, moved)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists') throw error
    }
  }
  await removeIfThere(disk, aside)
}

/** What a lock is on its way to its name, and from it. */
const ON_ITS_WAY = /^(?:config\.)?lock\.[0-9a-f]+$/

/**
 * Removes what a process that died while it took a lock, or took one away, left beside it. Nothing goes that may be of one that lives; that it
 * cannot be removed is no reason to fail.
 */
async function sweep(disk: Disk, isAlive: LockOptions['isAlive']): Promise<void> {
  try {
    for (const { name, kind } of await disk.list(LSYNC)) {
      if (kind !== 'file' || !ON_ITS_WAY.test(name)) continue
      const path = joinPath(LSYNC, name)
      const holder = parseHolder((await disk.readText(path)) ?? '')
      if (holder !== undefined && !isAlive(holder)) await disk.remove(path)
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

async function release(disk: Disk, file: string, mine: string): Promise<void> {
  if ((await disk.readText(file)) === mine) await disk.remove(file)
}
