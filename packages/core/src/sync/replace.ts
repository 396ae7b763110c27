import { conflictName } from '../decide/conflict-name.ts'
import type { Disk } from '../disk/disk.ts'
import { putBack } from '../execute/aside.ts'
import { PathProblem } from '../execute/consequence.ts'
import { moveAside, replaceContent } from '../execute/replace.ts'
import { Trash } from '../execute/trash.ts'
import type { LocalEntry, Path } from '../model/entry.ts'
import { probeDisk } from '../scan/probe-disk.ts'
import { openState } from '../state/open-state.ts'
import type { State } from '../state/state.ts'
import type { Machine } from './api.ts'
import { believedDisk } from './believed-disk.ts'
import { clearStaging, repair } from './repair.ts'
import { lockRepository, type Repository } from './repository.ts'

/** New content for a file that a person was shown. */
export interface Replacement {
  readonly path: Path
  /** The file as she saw it. */
  readonly from: LocalEntry
  readonly content: Uint8Array
}

/**
 * Puts what a person made of both sides (a merge) in the place of the local file; the old one goes to the trash.
 * @returns the file as it is now, or undefined if it was not any more what she was shown: then nothing was done
 */
export function replaceLocally(
  machine: Machine,
  repository: Repository,
  { path, from, content }: Replacement,
  signal: AbortSignal,
): Promise<LocalEntry | undefined> {
  return locked(machine, repository, signal, async ({ disk, state }) => {
    const { world } = machine
    const effects = { disk, state, world, trash: new Trash(disk, world) }
    async function* whole(): AsyncIterable<Uint8Array> {
      yield content
    }
    try {
      return await replaceContent(effects, path, from, whole())
    } catch (error) {
      if (error instanceof PathProblem && error.code === 'changing') return undefined
      throw error
    }
  })
}

/** Gives a local file or folder the name of a conflict copy, so that what the remote has under its name can come. Returns that name. */
export function moveAsideLocally(
  machine: Machine,
  repository: Repository,
  path: Path,
  signal: AbortSignal,
): Promise<Path> {
  const author = repository.config.author ?? machine.author
  const now = machine.world.now()
  return locked(machine, repository, signal, ({ disk }) =>
    moveAside(disk, path, (attempt) => conflictName(path, author, now, attempt)),
  )
}

/** Takes that back, where what was to follow was not done; what turned up in its place meanwhile stays, and so does the name of the copy. */
export function moveBackLocally(
  machine: Machine,
  repository: Repository,
  { aside, path }: { readonly aside: Path; readonly path: Path },
  signal: AbortSignal,
): Promise<void> {
  return locked(machine, repository, signal, async ({ disk }) => {
    await putBack(disk, aside, path)
    await disk.flush([path])
  })
}

async function locked<T>(
  machine: Machine,
  repository: Repository,
  signal: AbortSignal,
  work: (open: { readonly disk: Disk; readonly state: State }) => Promise<T>,
): Promise<T> {
  const { disk } = repository
  const { world } = machine
  const release = await lockRepository(machine, repository, { signal })
  try {
    const state = await openState(disk, world)
    await clearStaging(disk)
    await repair(disk, state, signal)
    return await work({ disk: await believedDisk(disk, await probeDisk(disk, world)), state })
  } finally {
    await release()
  }
}
