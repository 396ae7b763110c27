import { compareKeys } from '../provider/index.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, diskPath, isFolderKey } from '../model/path.ts'
import type { Action, Conflict, DownloadAction, RemoveRemoteAction } from '../model/plan.ts'
import { isDownward, isUpward } from './plan.ts'

/** Files and folders in each other's place, and folders that are empty on one side alone: what no single row shows. */

/**
 * A folder that is empty here, yet has content on the remote that stays there (it was made by a run that died before it filled it, say), is no
 * empty folder: its mark is not sent.
 *
 * @param remote everything below folders that the remote holds and this side lacks
 */
export function withoutFilledFolders(
  actions: readonly Action[],
  remote: readonly Path[],
): readonly Action[] {
  if (!actions.some(({ kind, path }) => kind === 'upload' && isFolderKey(path))) return actions
  const leaving = new Set(
    actions.filter(({ kind }) => kind === 'remove-remote').map(({ path }) => path),
  )
  const filled = new Set(
    remote.flatMap((path) =>
      leaving.has(path) ? [] : ancestorsOf(path).filter((folder) => `${folder}/` !== path),
    ),
  )
  return actions.filter(
    ({ kind, path }) => kind !== 'upload' || !isFolderKey(path) || !filled.has(diskPath(path)),
  )
}

/**
 * The mark of an empty folder comes to nothing where this side fills the folder: once something of that is there, too, the mark says nothing, and goes.
 *
 * @param waiting what this run leaves to one in the other direction
 */
export function withoutFilledMarks(
  actions: readonly Action[],
  waiting: readonly Action[],
): readonly Action[] {
  if (!actions.some(isMarkOfFolder)) return actions
  /** Folders, each with something that fills it. */
  const filledBy = (some: readonly Action[]): ReadonlyMap<Path, Path> =>
    new Map(
      some
        .filter(isUpward)
        .flatMap(({ path }) =>
          ancestorsOf(path).flatMap((folder) =>
            `${folder}/` === path ? [] : [[folder, path] as const],
          ),
        ),
    )
  const filled = filledBy(actions)
  const later = filledBy(waiting)
  return actions.flatMap((action): readonly Action[] => {
    if (!isMarkOfFolder(action)) return [action]
    const folder = diskPath(action.path)
    const after = filled.get(folder)
    if (after !== undefined) return [{ ...removalOf(action), after, filled: true }]
    return later.has(folder) ? [] : [action]
  })
}

function isMarkOfFolder(action: Action): action is DownloadAction {
  return action.kind === 'download' && isFolderKey(action.path)
}

/**
 * A file cannot come where a folder stays for what is in it and is left alone (ignored files, a repository of its own): nothing at or below that
 * path is done here. It is known before anything fails, so it holds no removal elsewhere back.
 *
 * @param occupied folders here with something in them that this run does not touch
 */
export function withoutOccupied(
  actions: readonly Action[],
  occupied: ReadonlySet<Path>,
): { readonly actions: readonly Action[]; readonly occupied: readonly Path[] } {
  const places = actions.flatMap((action) =>
    action.kind === 'download' && action.from === 'absent' && occupied.has(action.path)
      ? [action.path]
      : [],
  )
  if (places.length === 0) return { actions, occupied: [] }
  const touches = ({ kind, path }: Action): boolean =>
    (kind === 'download' || kind === 'remove-local') &&
    places.some((place) => path === place || path.startsWith(`${place}/`))
  return { actions: actions.filter((action) => !touches(action)), occupied: places }
}

/**
 * Finds what no single row shows: a file that comes from one side where a folder comes from the other. Neither is touched.
 *
 * @param waiting what this run leaves to one in the other direction
 */
export function separateFileFolderConflicts(
  actions: readonly Action[],
  waiting: readonly Action[] = [],
): {
  readonly actions: readonly Action[]
  readonly conflicts: readonly Conflict[]
} {
  const ups = new Map<Path, Action>()
  const downs = new Map<Path, Action>()
  for (const action of [...actions, ...waiting]) {
    if (isUpward(action)) ups.set(action.path, action)
    if (isDownward(action)) downs.set(action.path, action)
  }
  const ours = new Set(actions)
  const blocked = new Set<Action>()
  const room: Action[] = []
  const conflicts = new Map<Path, Conflict>()
  for (const [above, below] of [
    [ups, downs],
    [downs, ups],
  ] as const)
    for (const [path, lower] of below)
      for (const folder of ancestorsOf(path)) {
        const upper = above.get(folder)
        if (upper === undefined) continue
        // An empty folder gives way to a file of its name: it holds nothing. Here the placing of the file makes room by itself.
        if (path === `${folder}/`) {
          blocked.add(lower)
          if (lower.kind === 'download' && ours.has(upper)) room.push(removalOf(lower))
          continue
        }
        blocked.add(upper)
        blocked.add(lower)
        conflicts.set(folder, fileFolderConflict(upper))
      }
  if (blocked.size === 0) return { actions, conflicts: [] }
  // What would clear the place for a blocked transfer stays too: nothing at or below the path is touched.
  const places = [...conflicts.keys()]
  const touched = (path: Path): boolean =>
    places.some((place) => path === place || path.startsWith(`${place}/`))
  return {
    actions: [...actions, ...room].filter(
      (action) => !blocked.has(action) && !touched(action.path),
    ),
    conflicts: [...conflicts.values()].toSorted((a, b) => compareKeys(a.path, b.path)),
  }
}

/** Those of the paths that stay on the remote in whose place something is about to come there, or below which it is. */
export function inTheWay(staying: readonly Path[], actions: readonly Action[]): readonly Path[] {
  if (staying.length === 0) return []
  const coming = new Set<Path>()
  const filled = new Set<Path>()
  for (const action of actions) {
    if (!isUpward(action)) continue
    coming.add(diskPath(action.path))
    for (const folder of ancestorsOf(action.path)) filled.add(folder)
  }
  return staying.filter(
    (path) => filled.has(path) || ancestorsOf(path).some((folder) => coming.has(folder)),
  )
}

function removalOf({ path, base, remote }: DownloadAction): RemoveRemoteAction {
  return { kind: 'remove-remote', path, ...(base === undefined ? {} : { base }), remote }
}

function fileFolderConflict(upper: Action): Conflict {
  return {
    path: upper.path,
    kind: 'file-folder',
    local: upper.kind === 'upload' || upper.kind === 'keep-both' ? upper.from : 'absent',
    remote: upper.kind === 'download' || upper.kind === 'keep-both' ? upper.remote : 'absent',
    ...(upper.base === undefined ? {} : { base: upper.base }),
  }
}
