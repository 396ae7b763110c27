import { DiskError, type DiskStat } from '../disk/disk.ts'
import { parentOf } from '../model/path.ts'
import type { DownloadAction } from '../model/plan.ts'
import type { Intent } from '../state/state.ts'
import { putBack, setAside } from './aside.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import type { Received, Staged } from './content.ts'
import { stage } from './fetch.ts'
import { makeRoom } from './emptied.ts'
import { fileEntry } from './entries.ts'
import { isStill } from './guard.ts'
import { paced } from './paced.ts'
import { removeStaged } from './staging.ts'
import { waitOutTheTick } from './tick.ts'
import { makeFolders } from './trash.ts'

/** Content that is here, with the place it is for. */
export interface Placement {
  readonly action: DownloadAction
  readonly content: Received | Staged
  readonly done: (failure?: unknown) => void
}

/** A placement that is staged, its folders made and its intent journalled: after a flush it may be swapped in. */
export interface Ready {
  readonly placement: Placement
  readonly staged: Staged
  /** Where the old file goes, if there is one. */
  readonly aside?: string
}

/** A file in its place; after a flush it may be recorded. */
export interface Placed extends Ready {
  /** As it lies there, looked at at once: whatever is saved from then on moves its ctime on, also where size and time are put back. */
  readonly stat: DiskStat | undefined
}

/*
 * A batch goes through three steps, in the one order that a crash at any instant forgives: stage the files and journal the intents, FLUSH,
 * swap the files in, FLUSH, record. The caller flushes.
 */

/** @returns also what must be flushed before the swaps */
export async function prepareAll(
  effects: Effects,
  batch: readonly Placement[],
): Promise<{ readonly ready: readonly Ready[]; readonly flush: readonly string[] }> {
  const { disk, state, trash } = effects
  const made = new Set<string>()
  const ready: Ready[] = []
  const intents: Intent[] = []
  const pace = paced(disk)
  for (const placement of batch) {
    await pace()
    const { action } = placement
    let staged: Staged | undefined
    try {
      staged = await stage(effects, placement.content)
      if (action.from === 'absent') {
        await makeFolders(disk, parentOf(action.path), made)
        ready.push({ placement, staged })
      } else {
        const aside = await trash.placeFor(action.path)
        const { inode, size } = action.from.stat
        intents.push({ path: action.path, trash: aside, inode, size })
        ready.push({ placement, staged, aside })
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (staged !== undefined) await clearStaged(effects, staged)
      placement.done(error)
    }
  }
  if (intents.length > 0) await state.intend(intents)
  return {
    ready,
    flush: [
      ...(intents.length > 0 ? [state.journalPath] : []),
      ...ready.map(({ staged }) => staged.path),
      // The trash's folders must outlive a power cut before anything moves into them.
      ...new Set(ready.flatMap(({ aside }) => (aside === undefined ? [] : [parentOf(aside)]))),
    ],
  }
}

export async function swapAll(
  effects: Effects,
  batch: readonly Ready[],
): Promise<readonly Placed[]> {
  const placed: Placed[] = []
  const pace = paced(effects.disk)
  for (const ready of batch) {
    await pace()
    const { placement, staged } = ready
    try {
      await swap(effects, ready)
      placed.push({ ...ready, stat: await effects.disk.stat(placement.action.path) })
    } catch (error) {
      if (!(error instanceof DiskError) && !(error instanceof PathProblem)) throw error
      await clearStaged(effects, staged)
      placement.done(error)
    }
  }
  return placed
}

export async function recordAll(
  { disk, recorder, world }: Effects,
  placed: readonly Placed[],
): Promise<void> {
  await waitOutTheTick(
    world,
    placed.map(({ stat }) => stat?.ctime ?? 0),
  )
  for (const { placement, staged, stat } of placed) {
    const { action, done } = placement
    const now = await disk.stat(action.path)
    const { info, file, sha256 } = staged
    // A file that somebody saved over already is recorded without a fingerprint: the next run hashes it.
    const untouched =
      stat?.inode === staged.stat.inode &&
      stat.mtime === staged.stat.mtime &&
      stat.size === staged.stat.size &&
      now?.inode === stat.inode &&
      now.ctime === stat.ctime
    const type = file.link ? 'link' : 'file'
    const local = untouched ? ({ type, stat, seen: world.now() } as const) : undefined
    recorder.addFlushed({
      path: action.path,
      entry: fileEntry({
        local,
        size: info.size,
        sha256,
        executable: !file.link && file.executable,
        link: file.link,
        remote: info,
        metadata: info.metadata,
      }),
    })
    done()
  }
}

/** What a swap needs to know of the two files. */
export interface Swap {
  readonly placement: { readonly action: Pick<DownloadAction, 'path' | 'from' | 'ownBit'> }
  readonly staged: {
    readonly path: string
    readonly file: { readonly executable: boolean; readonly link: boolean }
  }
  readonly aside?: string
}

export async function swap(
  effects: Pick<Effects, 'disk' | 'trash' | 'isJunk'>,
  { placement, staged, aside }: Swap,
): Promise<void> {
  const { disk } = effects
  const { path, from, ownBit } = placement.action
  if (from === 'absent' || aside === undefined) {
    const isTaken = await disk.rename(staged.path, path, { overwrite: false }).then(
      () => false,
      (error: unknown) => {
        if (error instanceof DiskError && error.code === 'exists') return true
        throw error
      },
    )
    if (!isTaken) return
    // An empty folder gives way to a file; one that holds anything cannot be removed, and stays.
    if ((await disk.stat(path))?.kind !== 'folder') throw new PathProblem('changing')
    await makeRoom(effects, path)
    await disk.rename(staged.path, path, { overwrite: false })
    return
  }
  if (!isStill(await disk.stat(path), from)) throw new PathProblem('changing')
  if (from.type === 'file' && !staged.file.link) {
    await disk.copyMode(path, staged.path)
    await disk.setExecutable(
      staged.path,
      (ownBit === true ? from.stat.executable : undefined) ?? staged.file.executable,
    )
  }
  await setAside(disk, path, aside, from)
  try {
    await disk.rename(staged.path, path, { overwrite: false })
  } catch (error) {
    await putBack(disk, aside, path)
    throw error
  }
}

/** A large one stays among the transfers, for another try. */
async function clearStaged({ disk }: Effects, staged: Staged): Promise<void> {
  if (staged.transfer === undefined) await removeStaged(disk, staged.path)
}
