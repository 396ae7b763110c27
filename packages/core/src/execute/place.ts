import { type Disk, DiskError, type DiskStat } from '../disk/disk.ts'
import { nameOf, parentOf } from '../model/path.ts'
import type { DownloadAction } from '../model/plan.ts'
import type { Intent } from '../state/state.ts'
import { putBack, setAside } from './aside.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import type { Staged } from './content.ts'
import { stage } from './fetch.ts'
import { makeRoom } from './emptied.ts'
import { fileEntry } from './entries.ts'
import { isStill } from './guard.ts'
import { paced } from './paced.ts'
import type { NewFolder, Placed, Placement, Prepared, Ready } from './placement.ts'
import { removeStaged, removeStagedFolder } from './staging.ts'
import { waitOutTheTick } from './tick.ts'

/*
 * A batch goes through three steps, in the one order that a crash at any instant forgives: stage the files and journal the intents, FLUSH,
 * swap the files in, FLUSH, record. The caller flushes.
 */

/** @returns also what must be flushed before the swaps */
export async function prepareAll(
  effects: Effects,
  batch: readonly Placement[],
): Promise<Prepared & { readonly flush: readonly string[] }> {
  const { disk, state, trash, newFolders } = effects
  const ready: Ready[] = []
  const intents: Intent[] = []
  const pace = paced(disk)
  const { folders, others } = await newFolders.stage(batch)
  for (const placement of others) {
    await pace()
    const { action } = placement
    let staged: Staged | undefined
    try {
      staged = await stage(effects, placement.content)
      if (action.from === 'absent') ready.push({ placement, staged })
      else {
        const aside = await trash.placeFor(action.path)
        intents.push({ path: action.path, trash: aside })
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
    folders,
    ready,
    flush: [
      ...(intents.length > 0 ? [state.journalPath] : []),
      ...folders.flatMap(({ files }) => files.map(({ staged }) => staged.path)),
      ...ready.map(({ staged }) => staged.path),
      // The trash's folders must outlive a power cut before anything moves into them.
      ...new Set(ready.flatMap(({ aside }) => (aside === undefined ? [] : [parentOf(aside)]))),
    ],
  }
}

export async function swapAll(effects: Effects, batch: Prepared): Promise<readonly Placed[]> {
  const { disk, newFolders } = effects
  const placed: Placed[] = []
  const oneByOne = [...batch.ready]
  const taken: NewFolder[] = []
  const made = new Set<string>()
  const pace = paced(disk)
  for (const folder of batch.folders) {
    await pace()
    if (await newFolders.place(folder)) {
      for (const ready of folder.files) placed.push({ ...ready, stat: ready.staged.stat })
    } else {
      taken.push(folder)
      oneByOne.push(...folder.files)
    }
  }
  for (const ready of oneByOne) {
    await pace()
    const { placement, staged } = ready
    try {
      if (placement.action.from === 'absent')
        await newFolders.make(parentOf(placement.action.path), made)
      await swap(effects, ready)
      placed.push({ ...ready, stat: await disk.stat(placement.action.path) })
    } catch (error) {
      if (!(error instanceof DiskError) && !(error instanceof PathProblem)) throw error
      await clearStaged(effects, staged)
      placement.done(error)
    }
  }
  for (const { staged } of taken) await removeStagedFolder(disk, staged)
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
  const found = await statsOf(
    disk,
    placed.map(({ placement }) => placement.action.path),
  )
  for (const { placement, staged, stat } of placed) {
    const { action, done } = placement
    const now = found.get(action.path)
    const { info, file, sha256 } = staged
    // A file that somebody saved over already is recorded without a fingerprint: the next run hashes it.
    const untouched =
      stat?.size === staged.stat.size &&
      stat.mtime === staged.stat.mtime &&
      stat.inode === staged.stat.inode &&
      now?.ctime === stat.ctime &&
      now.mtime === stat.mtime &&
      now.size === stat.size &&
      now.inode === stat.inode
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

async function statsOf(
  disk: Disk,
  paths: readonly string[],
): Promise<ReadonlyMap<string, DiskStat>> {
  const found = new Map<string, DiskStat>()
  for (const [folder, inIt] of Map.groupBy(paths, parentOf)) {
    const stats = await disk.statAll(folder, inIt.map(nameOf)).catch((error: unknown) => {
      // It is gone, or something else by now.
      if (error instanceof DiskError) return []
      throw error
    })
    for (const [index, path] of inIt.entries()) {
      const stat = stats[index]
      if (stat !== undefined && 'kind' in stat) found.set(path, stat)
    }
  }
  return found
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
