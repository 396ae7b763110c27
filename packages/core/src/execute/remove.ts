import { diskPath, isFolderKey, parentOf } from '../model/path.ts'
import type { RemoveLocalAction, RemoveRemoteAction } from '../model/plan.ts'
import { isStorageError } from '../provider/index.ts'
import { setAside } from './aside.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { type Emptied, pruneEmptied, removeEmptied } from './emptied.ts'
import { expectAbsent, expectStill, statExactly } from './guard.ts'

/** Removes the remote object, if it is still what this run saw and the local file is still gone. */
export async function removeRemote(
  effects: Effects,
  { path, remote }: RemoveRemoteAction,
  signal: AbortSignal,
): Promise<void> {
  const { provider, recorder } = effects
  if (isFolderKey(path)) await expectNotEmptyFolder(effects, path)
  else await expectNoFile(effects, path)
  try {
    await provider.remove(path, { signal, expect: remote.version })
  } catch (error) {
    // Somebody else removed it: that is what we wanted.
    if (!isStorageError(error) || error.code !== 'not-found') throw error
  }
  recorder.add({ path, entry: undefined })
}

/** A folder in the file's place is absence of the file. */
async function expectNoFile(effects: Effects, path: string): Promise<void> {
  const found = await statExactly(effects, path)
  if (found !== undefined && found.kind !== 'folder') throw new PathProblem('changing')
}

/** The key of an empty folder goes when the folder is gone, or is not empty any more. */
async function expectNotEmptyFolder(effects: Effects, path: string): Promise<void> {
  const { disk } = effects
  const found = await statExactly(effects, path)
  if (found?.kind === 'folder' && (await disk.list(diskPath(path))).length === 0)
    throw new PathProblem('changing')
}

/** Moves the local file into the trash, and removes the folders that this empties. */
export async function removeLocal(
  effects: Effects,
  { path, from }: RemoveLocalAction,
  signal: AbortSignal,
  emptied: Emptied,
): Promise<void> {
  const { disk, provider, recorder, trash } = effects
  // Absence is confirmed at the moment of the effect: the listing may be an hour old.
  if ((await provider.head(path, { signal, beforeRemoval: true })) !== undefined)
    throw new PathProblem('moved-on')
  if (isFolderKey(path)) {
    await removeEmptied(effects, diskPath(path))
  } else {
    await expectStill(disk, path, from)
    const aside = await trash.placeFor(path)
    await setAside(disk, path, aside, from)
    await expectAbsent(effects, path)
  }
  await pruneEmptied(effects, parentOf(path), emptied)
  recorder.add({ path, entry: undefined })
}
