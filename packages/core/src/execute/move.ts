import type { Schedule } from '../decide/plan.ts'
import { type Disk, DiskError, type DiskStat } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
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

/** A file that is out of its old place and not yet at its new one. */
interface Lifted extends Aside {
  /** With the time and the bit that it is to have. */
  readonly ready: DiskStat | undefined
}

interface Moved {
  readonly action: MoveLocalAction
  readonly stat: DiskStat
}

/** What all moves of a plan share. */
interface Moving {
  readonly effects: Effects
  readonly signal: AbortSignal
  readonly done: (action: MoveLocalAction, error?: unknown) => void
}

/** One way of carrying out a batch. */
type Way = (
  moving: Moving,
  asides: readonly Aside[],
  pruneSources: () => Promise<void>,
) => Promise<readonly Moved[]>

/** So many moves share their intents, their flushes and the wait for the clock. */
const BATCH = 500

/**
 * Renames local files as others renamed their objects. Each goes by way of a name in the trash that is ours alone: what was saved over it in the
 * instant before is then seen, and goes back. The intents bring back what a crash leaves there.
 */
export async function moveLocally(
  effects: Effects,
  { moves, ontoFolders }: Pick<Schedule, 'moves' | 'ontoFolders'>,
  signal: AbortSignal,
  emptied: Emptied,
  done: Moving['done'],
): Promise<void> {
  const moving = { effects, signal, done }
  const all = [...moves, ...ontoFolders]
  const lastOf = new Map(all.map(({ source }, index) => [parentOf(source), index]))
  const carryOut = async (start: number, end: number, way: Way): Promise<void> => {
    signal.throwIfAborted()
    const batch = all.slice(start, end)
    // One that holds a source of a later batch is not empty yet, and to see that it may have to be listed.
    const left = [...new Set(batch.map(({ source }) => parentOf(source)))].filter(
      (folder) => (lastOf.get(folder) ?? 0) < end,
    )
    await moveBatch(moving, batch, way, async () => {
      for (const folder of left) await pruneEmptied(effects, folder, emptied)
    })
  }
  for (let start = 0; start < moves.length; start += BATCH)
    await carryOut(start, Math.min(start + BATCH, moves.length), oneByOne)
  if (ontoFolders.length > 0) await carryOut(moves.length, all.length, allAtOnce)
}

async function moveBatch(
  moving: Moving,
  actions: readonly MoveLocalAction[],
  way: Way,
  pruneSources: () => Promise<void>,
): Promise<void> {
  const { effects, done } = moving
  const { disk, state, trash, world, recorder } = effects
  const asides: Aside[] = []
  const intents: Intent[] = []
  for (const action of actions) {
    const place = await trash.placeFor(action.source)
    asides.push({ action, place })
    intents.push({ path: action.source, trash: place })
  }
  await state.intend(intents)
  await disk.flush([state.journalPath, ...new Set(asides.map(({ place }) => parentOf(place)))])

  const moved = await way(moving, asides, pruneSources)
  if (moved.length === 0) return
  await disk.flush(moved.map(({ action }) => action.path))
  await waitOutTheTick(
    world,
    moved.map(({ stat }) => stat.ctime),
  )
  for (const { action, stat } of moved) {
    const { path, source, sha256, remote, from } = action
    const now = await disk.stat(path)
    const untouched = now?.ctime === stat.ctime && now.inode === stat.inode
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

/** No file is away from both its places for longer than it takes. */
async function oneByOne(
  { effects, signal, done }: Moving,
  asides: readonly Aside[],
  pruneSources: () => Promise<void>,
): Promise<readonly Moved[]> {
  const moved: Moved[] = []
  const pace = paced(effects.disk)
  try {
    await runPool(asides, effects.jobs, signal, async (aside) => {
      await pace()
      try {
        moved.push(await setDown(effects, await lift(effects, aside)))
      } catch (error) {
        done(aside.action, error)
      }
    })
  } finally {
    // Not one by one: a folder that one move empties may be the way to another one's place. But before anything waits for the disk, and also where this was
    // interrupted: a folder that is left empty would read as one that a person made so, and be kept for all.
    await pruneSources()
  }
  return moved
}

/** All leave before the first one comes: the folder whose name it takes may be the one that another one leaves, and the reverse. */
async function allAtOnce(
  { effects, signal, done }: Moving,
  asides: readonly Aside[],
  pruneSources: () => Promise<void>,
): Promise<readonly Moved[]> {
  const lifted: Lifted[] = []
  const [lifting] = await Promise.allSettled([
    runPool(asides, effects.jobs, signal, async (aside) => {
      try {
        lifted.push(await lift(effects, aside))
      } catch (error) {
        done(aside.action, error)
      }
    }),
  ])
  const left = lifted.map(({ action }) => parentOf(action.source))
  const moved: Moved[] = []
  const failed: { readonly action: MoveLocalAction; readonly error: unknown }[] = []
  // Also where this was interrupted, and where one fails: none stays between its places.
  for (const one of lifted)
    try {
      moved.push(await setDown(effects, one, left))
    } catch (error) {
      failed.push({ action: one.action, error })
    }
  await pruneSources()
  if (lifting.status === 'rejected') throw lifting.reason
  for (const { action, error } of failed) done(action, error)
  return moved
}

/** Takes a file out of its place, and makes it what it is to be. */
async function lift(effects: Effects, { action, place }: Aside): Promise<Lifted> {
  const { disk } = effects
  const { path, source, from, ownBit, remote } = action
  if (!isStill(await disk.stat(source), from)) throw new PathProblem('changing')
  await makeFolders(disk, parentOf(path), new Set())
  if ((await disk.stat(path))?.kind !== 'folder') await expectAbsent(effects, path)
  // RACE: a program that holds the file open goes on writing into it; worst outcome: that save is found under the new name, by the next run.
  await disk.rename(source, place, { overwrite: true })
  try {
    if (!isMoved(await disk.stat(place), from)) throw new PathProblem('changing')
    const { mtime, executable } = readMetadata(remote.metadata)
    if (mtime !== undefined && Math.abs(mtime - from.stat.mtime) > 1)
      await disk.setModified(place, mtime)
    if (!ownBit) await disk.setExecutable(place, executable)
    return { action, place, ready: await disk.stat(place) }
  } catch (error) {
    await setBack(disk, source, place)
    throw error
  }
}

/** @param left folders that files have left to make room */
async function setDown(
  effects: Effects,
  { action, place, ready }: Lifted,
  left: readonly Path[] = [],
): Promise<Moved> {
  const { disk } = effects
  const { path, source, from } = action
  let stat: DiskStat | undefined
  try {
    if ((await disk.stat(path))?.kind === 'folder') await giveWay(effects, path, left)
    await disk.rename(place, path, { overwrite: false })
    stat = await disk.stat(path)
    if (stat === undefined || !isMoved(stat, { ...from, stat: ready ?? from.stat }))
      throw new PathProblem('moved-on')
    return { action, stat }
  } catch (error) {
    if (stat === undefined) await setBack(disk, source, place)
    if (error instanceof DiskError && error.code === 'exists') throw new PathProblem('changing')
    throw error
  }
}

async function setBack(disk: Disk, source: Path, place: Path): Promise<void> {
  await makeFolders(disk, parentOf(source), new Set())
  await putBack(disk, place, source)
}

/** A folder whose name the file takes gives way if it is empty now that files are out of it; one that holds anything stays. */
async function giveWay(effects: Effects, path: Path, left: readonly Path[]): Promise<void> {
  for (const folder of left)
    if (folder.startsWith(`${path}/`))
      await pruneEmptied(effects, folder, {
        keep: new Set([`${path}/`]),
        // What does not go makes the next step fail.
        stuck: new Map(),
      })
  await makeRoom(effects, path)
}
