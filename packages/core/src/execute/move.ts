import { DiskError, type DiskStat } from '../disk/disk.ts'
import { readMetadata } from '../model/metadata.ts'
import { parentOf } from '../model/path.ts'
import type { MoveLocalAction } from '../model/plan.ts'
import type { Intent } from '../state/state.ts'
import { putBack } from './aside.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { type Emptied, makeRoom, pruneEmptied } from './emptied.ts'
import { fileEntry } from './entries.ts'
import { expectAbsent, isMoved, isStill } from './guard.ts'
import { paced } from './paced.ts'
import { runPool } from './pool.ts'
import { waitOutTheTick } from './tick.ts'
import { makeFolders } from './trash.ts'

interface Aside {
  readonly action: MoveLocalAction
  readonly place: string
}

/** So many moves share their intents, their flushes and the wait for the clock. */
const BATCH = 500

/**
 * Renames local files as others renamed their objects. Each goes by way of a name in the trash that is ours alone: what was saved over it in the
 * instant before is then seen, and goes back. The intents bring back what a crash leaves there.
 */
export async function moveLocally(
  effects: Effects,
  actions: readonly MoveLocalAction[],
  signal: AbortSignal,
  emptied: Emptied,
  done: (action: MoveLocalAction, error?: unknown) => void,
): Promise<void> {
  const lastOf = new Map(actions.map(({ source }, index) => [parentOf(source), index]))
  for (let start = 0; start < actions.length; start += BATCH) {
    signal.throwIfAborted()
    const batch = actions.slice(start, start + BATCH)
    // One that holds a source of a later batch is not empty yet, and to see that it may have to be listed.
    const left = [...new Set(batch.map(({ source }) => parentOf(source)))].filter(
      (folder) => (lastOf.get(folder) ?? 0) < start + BATCH,
    )
    await moveBatch(effects, batch, signal, done, async () => {
      for (const folder of left) await pruneEmptied(effects, folder, emptied)
    })
  }
}

async function moveBatch(
  effects: Effects,
  actions: readonly MoveLocalAction[],
  signal: AbortSignal,
  done: (action: MoveLocalAction, error?: unknown) => void,
  pruneSources: () => Promise<void>,
): Promise<void> {
  const { disk, state, trash, jobs, world, recorder } = effects
  const asides: Aside[] = []
  const intents: Intent[] = []
  for (const action of actions) {
    const place = await trash.placeFor(action.source)
    const { inode, size } = action.from.stat
    asides.push({ action, place })
    intents.push({ path: action.source, trash: place, inode, size })
  }
  await state.intend(intents)
  await disk.flush([state.journalPath, ...new Set(asides.map(({ place }) => parentOf(place)))])

  const moved: { readonly action: MoveLocalAction; readonly stat: DiskStat }[] = []
  const pace = paced(disk)
  try {
    await runPool(asides, jobs, signal, async ({ action, place }) => {
      await pace()
      try {
        moved.push({ action, stat: await moveOne(effects, action, place) })
      } catch (error) {
        done(action, error)
      }
    })
  } finally {
    // Not one by one: a folder that one move empties may be the way to another one's place. But before anything waits for the disk, and also where this was
    // interrupted: a folder that is left empty would read as one that a person made so, and be kept for all.
    await pruneSources()
  }
  if (moved.length === 0) return
  await disk.flush(moved.map(({ action }) => action.path))
  await waitOutTheTick(
    world,
    moved.map(({ stat }) => stat.ctime),
  )
  for (const { action, stat } of moved) {
    const { path, source, sha256, remote, from } = action
    const now = await disk.stat(path)
    const untouched = now?.inode === stat.inode && now.ctime === stat.ctime
    recorder.add(
      {
        path,
        entry: fileEntry({
          local: untouched ? { type: 'file', stat, seen: world.now() } : undefined,
          size: from.stat.size,
          sha256,
          executable: readMetadata(remote.metadata).executable,
          remote,
          metadata: remote.metadata,
        }),
      },
      stat.inode,
    )
    recorder.add({ path: source, entry: undefined })
    done(action)
  }
}

/** @returns the file as it lies at its new place */
async function moveOne(
  effects: Effects,
  { path, source, from, ownBit, remote }: MoveLocalAction,
  place: string,
): Promise<DiskStat> {
  const { disk } = effects
  if (!isStill(await disk.stat(source), from)) throw new PathProblem('changing')
  await makeFolders(disk, parentOf(path), new Set())
  if ((await disk.stat(path))?.kind !== 'folder') await expectAbsent(effects, path)
  // RACE: a program that holds the file open goes on writing into it; worst outcome: that save is found under the new name, by the next run.
  await disk.rename(source, place, { overwrite: true })
  let stat: DiskStat | undefined
  try {
    if (!isMoved(await disk.stat(place), from)) throw new PathProblem('changing')
    const { mtime, executable } = readMetadata(remote.metadata)
    if (mtime !== undefined && Math.abs(mtime - from.stat.mtime) > 1)
      await disk.setModified(place, mtime)
    if (!ownBit) await disk.setExecutable(place, executable)
    const ready = await disk.stat(place)
    await giveWay(effects, path, source)
    await disk.rename(place, path, { overwrite: false })
    stat = await disk.stat(path)
    if (stat === undefined || !isMoved(stat, { ...from, stat: ready ?? from.stat }))
      throw new PathProblem('moved-on')
    return stat
  } catch (error) {
    if (stat === undefined) {
      await makeFolders(disk, parentOf(source), new Set())
      await putBack(disk, place, source)
    }
    if (error instanceof DiskError && error.code === 'exists') throw new PathProblem('changing')
    throw error
  }
}

/** A folder whose name the file takes gives way if it is empty now that the file is out of it; one that holds anything stays. */
async function giveWay(effects: Effects, path: string, source: string): Promise<void> {
  if ((await effects.disk.stat(path))?.kind !== 'folder') return
  if (source.startsWith(`${path}/`))
    await pruneEmptied(effects, parentOf(source), {
      keep: new Set([`${path}/`]),
      // What does not go makes the next step fail.
      stuck: new Map(),
    })
  await makeRoom(effects, path)
}
