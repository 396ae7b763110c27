import { type Disk, DiskError, type DiskErrorCode } from '../disk/disk.ts'
import { paced } from '../execute/paced.ts'
import { removeStagedFolder } from '../execute/staging.ts'
import type { OnEvent } from '../model/events.ts'
import { parentOf } from '../model/path.ts'
import { NEW_FOLDER, STAGING } from '../state/layout.ts'
import type { Outcome, State } from '../state/state.ts'
import { removeEmptyFolders } from './trash.ts'

/**
 * Undoes what a dead run left half done: a file that went into the trash while its successor never arrived goes back to its place.
 * Where something stands at the place already, it stays: the comparison finds out what it is. Folders that a dead run's moves left empty are removed.
 * A DiskError where the disk does not let it go back: it is owed still, and what is missing here must not read as removed.
 * Interrupted, it is begun again by the next run, which flushes also what is back already.
 * @returns the paths that were put back
 */
export async function repair(
  disk: Disk,
  state: State,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const intents = state.openIntents
  const entries = await state.entriesOf(
    intents.flatMap(({ path }) => [path, ...foldersAbove(path)]),
    signal,
  )
  const restored: string[] = []
  /** Folders of files that were moved on. */
  const left = new Set<string>()
  const closed: Outcome[] = []
  const pace = paced(disk)
  for (const { path, trash } of intents) {
    await pace()
    signal.throwIfAborted()
    const aside = await disk.stat(trash)
    const isMissing = (await disk.stat(path)) === undefined
    // Whatever lies there: the name is ours alone, so it came from this path; and its inode is another one where the clone was copied to another disk since.
    const ending = isMissing && aside !== undefined ? await back(disk, trash, path) : undefined
    if (ending === 'back') restored.push(path)
    if (isMissing && aside === undefined) left.add(parentOf(path))
    // Without a way back it is missing by our doing, as far as anybody can tell: no removal may follow from that on the remote.
    closed.push({ path, entry: ending === 'no-way' ? undefined : entries.get(path) })
  }
  // What the run emptied, and had no time to remove, would read as made empty by a person, and be brought to everybody.
  // RACE: what a person emptied since looks the same; worst outcome: a folder goes that she wanted to keep empty.
  for (const folder of left) await removeEmptyFolders(disk, folder, (at) => entries.has(`${at}/`))
  if (closed.length > 0) {
    // Also what a repair that was interrupted put back: closed, its intent would bring it back no more.
    await disk.flush(intents.map(({ path }) => path))
    await state.record(closed)
  }
  return restored
}

/** As the base has them where they are kept empty. */
function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) folders.push(`${at}/`)
  return folders
}

/** The trash keeps the file: something turned up in its place, or its folder is gone, by a person's hand or by a run in which a file was to take its name. */
const NOT_BACK: Partial<Record<DiskErrorCode, 'taken' | 'no-way'>> = {
  exists: 'taken',
  missing: 'no-way',
  'not-folder': 'no-way',
}

async function back(disk: Disk, trash: string, path: string): Promise<'back' | 'taken' | 'no-way'> {
  try {
    await disk.rename(trash, path, { overwrite: false })
    return 'back'
  } catch (error) {
    const ending = error instanceof DiskError ? NOT_BACK[error.code] : undefined
    if (ending === undefined) throw error
    return ending
  }
}

/** For who only looks: what a dead run was about to replace may seem to be removed here until a sync puts it back. */
export function tellUnrepaired({ openIntents }: State, onEvent: OnEvent): void {
  const [first] = openIntents
  if (first === undefined) return
  const others = openIntents.length > 1 ? ` and ${openIntents.length - 1} more` : ''
  onEvent({
    type: 'notice',
    message: `an earlier run did not get to the end of replacing ${first.path}${others}: the next sync puts right first what is missing here`,
  })
}

/**
 * Nothing in the staging folder is of use to a new run; it would only hold room. What may go on lies among the transfers. Folders of other names are none of
 * ours: some systems put one of their own into every folder.
 */
export async function clearStaging(disk: Disk): Promise<void> {
  if ((await disk.stat(STAGING)) === undefined) {
    await disk.makeFolder(STAGING)
    return
  }
  for (const { name, kind } of await disk.list(STAGING)) {
    const path = `${STAGING}/${name}`
    if (kind !== 'folder') await disk.remove(path)
    else if (path.startsWith(NEW_FOLDER)) await removeStagedFolder(disk, path)
  }
}
