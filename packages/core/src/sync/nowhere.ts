import { IgnoreRules, type IgnoreSettings } from '../decide/ignore.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import { ancestorsOf, isWithin, joinPath } from '../model/path.ts'
import { addRuleFile } from '../scan/rule-file.ts'
import { CONFIG } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import type { Planned } from './make-plan.ts'

/** A slip of the pen must not look like success. The disk is asked once more: an empty or ignored folder shows nothing, and yet is there. */
export async function refuseNowhere(
  disk: Disk,
  { nowhere, nested }: Planned,
  nestedAbove: (path: Path) => Path | undefined,
): Promise<void> {
  const missing: Path[] = []
  for (const path of nowhere) {
    // What lies in a repository of its own is that one's to know.
    const inner =
      nestedAbove(path) !== undefined || [...nested.keys()].some((one) => isWithin(path, [one]))
    if (!inner && !(await isThere(disk, path))) missing.push(path)
  }
  refuse(missing, 'there is no such file or folder, neither here nor on the remote')
}

/** Nor must a name that is left out by rule: nothing is done about it, whatever it holds. */
export async function tellLeftOut(
  disk: Disk,
  { ignored, enters }: Pick<Planned, 'ignored' | 'enters'>,
  named: readonly Path[],
  onEvent: OnEvent,
): Promise<void> {
  const out: Path[] = []
  for (const path of named)
    if ((await isFolder(disk, path)) ? !enters(path) : ignored(path)) out.push(path)
  if (out.length === 0) return
  const more = out.length - SHOWN
  const names = `${out.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  onEvent({
    type: 'notice',
    message: `${names} ${out.length === 1 ? 'is' : 'are'} left out (by a .lsyncignore, by ignore or only in the configuration, or as junk); nothing is done there`,
  })
}

/** The same for those who do not walk to the named paths, and so come by no rules. */
export async function tellLeftOutByRules(
  disk: Disk,
  settings: IgnoreSettings,
  named: readonly Path[],
  onEvent: OnEvent,
): Promise<void> {
  const rules = new IgnoreRules(settings)
  const folders = new Set(named.flatMap((path) => ['', ...ancestorsOf(path)]))
  try {
    // Those of the folders above come first.
    for (const folder of [...folders].toSorted()) await addRuleFile(disk, rules, folder)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    // Of what cannot be looked at, nothing is claimed.
    return
  }
  const ignored = (path: Path): boolean => rules.ignores(path)
  const enters = (folder: Path): boolean => rules.enters(folder)
  await tellLeftOut(disk, { ignored, enters }, named, onEvent)
}

const SHOWN = 3

async function isFolder(disk: Disk, path: Path): Promise<boolean> {
  try {
    return (await disk.stat(path))?.kind === 'folder'
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

/**
 * As `refuseNowhere`, for those who look at what the database knows, and do not ask the remote for more. A nested repository is refused as by `refuseInner`,
 * unless the database knows something there: of before it was one.
 */
export async function refuseUnknown(
  disk: Disk,
  state: State,
  paths: readonly Path[],
): Promise<void> {
  const missing: Path[] = []
  for (const path of paths) {
    const inner = await innerAbove(disk, path)
    const isHere = inner === undefined && (await isThere(disk, path))
    if (isHere || (await knows(state, path))) continue
    if (inner !== undefined) throw innerError(path, inner)
    missing.push(path)
  }
  refuse(missing, 'there is no such file or folder here, and the database knows none')
}

/** LsyncError `bad-path` for a repository within this one, and for what is in it: neither this one nor its remote knows anything of that. */
export async function refuseInner(disk: Disk, path: Path): Promise<void> {
  const inner = await innerAbove(disk, path)
  if (inner !== undefined) throw innerError(path, inner)
}

function innerError(path: Path, inner: Path): LsyncError {
  return new LsyncError('bad-path', `${path} is in a nested repository`, {
    path,
    reason: `${inner} is a repository of its own: run lsync there (-C DIR)`,
  })
}

/** The repository within this one that is at the path, or above it. */
async function innerAbove(disk: Disk, path: Path): Promise<Path | undefined> {
  for (const folder of [...ancestorsOf(path), path])
    try {
      // This one itself is at the root.
      if (folder !== '' && (await disk.stat(joinPath(folder, CONFIG))) !== undefined) return folder
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  return undefined
}

function refuse(missing: readonly Path[], reason: string): void {
  if (missing.length === 0) return
  throw new LsyncError('bad-path', 'no such path', { path: missing.join(', '), reason })
}

async function knows(state: State, path: Path): Promise<boolean> {
  for await (const page of state.rows([path])) if (page.length > 0) return true
  return false
}

/** What may not be looked at may be there. */
async function isThere(disk: Disk, path: Path): Promise<boolean> {
  try {
    return (await disk.stat(path)) !== undefined
  } catch (error) {
    if (error instanceof DiskError) return true
    throw error
  }
}
