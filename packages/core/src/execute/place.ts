import { DiskError, type DiskStat } from '../disk/disk.ts'
import { parentOf } from '../model/path.ts'
import type { DownloadAction } from '../model/plan.ts'
import type { Intent } from '../state/state.ts'
import { PathProblem } from './consequence.ts'
import { FINE_STEP } from '../decide/unchanged.ts'
import type { Effects } from './context.ts'
import type { Staged } from './fetch.ts'
import { fileEntry } from './entries.ts'
import { expectAbsent, isMoved, isStill } from './guard.ts'
import { makeFolders } from './trash.ts'

/** A staged file with the place it is for. */
export interface Placement {
  readonly action: DownloadAction
  readonly staged: Staged
  readonly done: (failure?: unknown) => void
}

/**
 * Puts a batch of staged files into place, in the one order that a crash at any instant forgives:
 * journal the intents, flush the staged data with them, swap the files, flush the folders, record.
 */
export async function placeAll(effects: Effects, batch: readonly Placement[]): Promise<void> {
  const { disk, state, trash, world } = effects
  const made = new Set<string>()
  const ready: { readonly placement: Placement; readonly aside?: string }[] = []
  const intents: Intent[] = []
  for (const placement of batch) {
    const { action } = placement
    try {
      if (action.from === 'absent') {
        await makeFolders(disk, parentOf(action.path), made)
        ready.push({ placement })
      } else {
        const aside = await trash.placeFor(action.path)
        const { inode, size } = action.from.stat
        intents.push({ path: action.path, trash: aside, inode, size })
        ready.push({ placement, aside })
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      await discard(effects, placement, error)
    }
  }
  if (ready.length === 0) return
  if (intents.length > 0) await state.intend(intents)
  await disk.flush([
    ...(intents.length > 0 ? [state.journalPath] : []),
    ...ready.map(({ placement }) => placement.staged.path),
    // The trash's folders must outlive a power cut before anything moves into them.
    ...new Set(ready.flatMap(({ aside }) => (aside === undefined ? [] : [parentOf(aside)]))),
  ])
  const placed: { readonly placement: Placement; readonly stat: DiskStat | undefined }[] = []
  for (const { placement, aside } of ready) {
    try {
      await swap(effects, placement, aside)
      // At once, for its ctime: whatever is saved from here on moves it on, also where size and time are put back.
      placed.push({ placement, stat: await disk.stat(placement.action.path) })
    } catch (error) {
      if (!(error instanceof DiskError) && !(error instanceof PathProblem)) throw error
      await discard(effects, placement, error)
    }
  }
  await disk.flush(placed.map(({ placement }) => placement.action.path))
  // A file that was placed in this very tick of the clock would have to be hashed again by the next run.
  const youngest = placed.reduce((latest, { stat }) => Math.max(latest, stat?.ctime ?? 0), 0)
  const wait = Math.min(youngest - world.now(), 0) + FINE_STEP + 2
  if (placed.length > 0 && wait > 0) await world.sleep(wait, new AbortController().signal)
  for (const { placement, stat } of placed) {
    const { action, staged, done } = placement
    const now = await disk.stat(action.path)
    const { info, file, sha256 } = staged
    // A file that somebody saved over already is recorded without a fingerprint: the next run hashes it.
    const untouched =
      stat?.inode === staged.stat.inode &&
      stat.mtime === staged.stat.mtime &&
      stat.size === staged.stat.size &&
      now?.inode === stat.inode &&
      now.ctime === stat.ctime
    const local = untouched ? ({ type: 'file', stat, seen: world.now() } as const) : undefined
    effects.recorder.add({
      path: action.path,
      entry: fileEntry({
        local,
        size: info.size,
        sha256,
        executable: file.executable,
        remote: info,
        metadata: info.metadata,
      }),
    })
    done()
  }
}

async function swap(
  { disk }: Effects,
  { action, staged }: Placement,
  aside?: string,
): Promise<void> {
  const { path, from } = action
  if (from === 'absent' || aside === undefined) {
    // An empty folder gives way to a file; one that holds anything cannot be removed, and stays.
    if ((await disk.stat(path))?.kind === 'folder') await disk.removeFolder(path)
    else await expectAbsent(disk, path)
    await disk.rename(staged.path, path, { overwrite: false })
    return
  }
  if (!isStill(await disk.stat(path), from)) throw new PathProblem('changing')
  await disk.copyMode(path, staged.path)
  await disk.setExecutable(staged.path, staged.file.executable)
  // RACE: a program that holds the file open goes on writing into the trash; worst outcome: that save is found in the trash.
  // One rename, onto a name that is ours alone: with link and unlink, a save by rename in between would be unlinked unseen.
  await disk.rename(path, aside, { overwrite: true })
  if (!isMoved(await disk.stat(aside), from)) {
    // Somebody saved in the instant between: their file goes back where it was, unless there is a newer one already.
    await putBack({ disk }, aside, path)
    throw new PathProblem('changing')
  }
  try {
    await disk.rename(staged.path, path, { overwrite: false })
  } catch (error) {
    await putBack({ disk }, aside, path)
    throw error
  }
}

/** Undoes a move into the trash; where the place is taken again, both are kept. */
export async function putBack(
  { disk }: Pick<Effects, 'disk'>,
  aside: string,
  path: string,
): Promise<void> {
  try {
    await disk.rename(aside, path, { overwrite: false })
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'exists') throw error
  }
}

async function discard({ disk }: Effects, placement: Placement, failure: unknown): Promise<void> {
  await disk.remove(placement.staged.path).catch((error: unknown) => {
    if (!(error instanceof DiskError)) throw error
  })
  placement.done(failure)
}
