import { compareKeys } from '../provider/index.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, diskPath, isFolderKey } from '../model/path.ts'
import type { Action, MoveLocalAction, RemoveRemoteAction, UploadAction } from '../model/plan.ts'

/** Pending removals of a side that this run's direction leaves alone: the last-copy rule must know them. */
export interface Removal {
  readonly path: Path
  readonly sha256: string
}

/** Actions in the order in which they may run, each group after the one before. */
export interface Schedule {
  /** Uploads of what must be elsewhere before its old name makes room. */
  readonly ahead: readonly UploadAction[]
  /** Removals that make room: a file where a folder comes, or the reverse. */
  readonly clearing: readonly Action[]
  /** Renames of local files, before a transfer reads or replaces anything. */
  readonly moves: readonly MoveLocalAction[]
  /** Renames to the name of a folder that files leave by one of these moves. Of two folders each may wait for the other one to be left: they are made together. */
  readonly ontoFolders: readonly MoveLocalAction[]
  readonly transfers: readonly Action[]
  /** Only the database learns something. */
  readonly records: readonly Action[]
  /** Removals, deepest first, so that folders are empty when their turn comes. */
  readonly removals: readonly Action[]
}

/**
 * Groups the actions: transfers first, removals last, except those that stand in the way of a transfer on the same side.
 *
 * @param fold what the local disk takes a path for
 */
export function schedule(
  actions: readonly Action[],
  fold: (path: Path) => string = (path) => path,
): Schedule {
  const clearing: Action[] = []
  const moves: MoveLocalAction[] = []
  const transfers: Action[] = []
  const records: Action[] = []
  const removals: Action[] = []
  const localSpots = new Spots(actions.filter(isDownward).map((action) => action.path))
  const taken = new Map(actions.filter(isDownward).map(({ path }) => [fold(path), path]))
  /** The name of what comes is one that the disk takes for this one. */
  const isRenamed = (path: Path): boolean => (taken.get(fold(path)) ?? path) !== path
  const remoteSpots = new Spots(actions.filter(isUpward).map((action) => action.path))
  for (const action of actions) {
    if (action.kind === 'adopt' || action.kind === 'forget') records.push(action)
    else if (action.kind === 'remove-local')
      (localSpots.clashes(action.path) || isRenamed(action.path) ? clearing : removals).push(action)
    else if (action.kind === 'remove-remote')
      (remoteSpots.clashes(action.path) ? clearing : removals).push(action)
    else if (action.kind === 'move-local') moves.push(action)
    else transfers.push(action)
  }
  const deepestFirst = (a: Action, b: Action): number => compareKeys(b.path, a.path)
  const left = new Set(moves.flatMap(({ source }) => ancestorsOf(source)))
  return {
    ...clearFirst(clearing.toSorted(deepestFirst), transfers),
    moves: moves.filter(({ path }) => !left.has(path)),
    ontoFolders: moves.filter(({ path }) => left.has(path)),
    records,
    removals: removals.toSorted(deepestFirst),
  }
}

/** Keeps the sources of moves that make room until their content is at its new name. */
function clearFirst(
  clearing: readonly Action[],
  transfers: readonly Action[],
): Pick<Schedule, 'ahead' | 'clearing' | 'transfers'> {
  const awaited = new Set(clearing.flatMap(awaitedBy))
  const ahead: UploadAction[] = []
  const later: Action[] = []
  for (const action of transfers)
    if (action.kind === 'upload' && awaited.has(action.path)) ahead.push(action)
    else later.push(action)
  return { ahead, clearing, transfers: later }
}

function awaitedBy(action: Action): readonly Path[] {
  return action.kind === 'remove-remote' && action.after !== undefined ? [action.after] : []
}

/**
 * Where the old name of a file makes the very room that the new one needs (it takes the name of the folder that it was in), it is no move: the old
 * name goes, then the content is sent from here.
 */
export function withoutMovesIntoOwnRoom(actions: readonly Action[]): readonly Action[] {
  const spots = new Spots(actions.filter(isUpward).map(({ path }) => path))
  const clearing = new Set(
    actions.filter(({ kind, path }) => kind === 'remove-remote' && spots.clashes(path)),
  )
  const awaited = new Set([...clearing].flatMap(awaitedBy))
  if (awaited.size === 0) return actions
  const cleared = new Spots([...clearing].map(({ path }) => path))
  const early = new Set(
    actions.flatMap(({ kind, path }) =>
      kind === 'upload' && awaited.has(path) && !cleared.clashes(path) ? [path] : [],
    ),
  )
  return actions.map((action) => {
    if (action.kind === 'upload' && awaited.has(action.path) && !early.has(action.path))
      return asSent(action)
    if (action.kind !== 'remove-remote' || !clearing.has(action)) return action
    return awaitedBy(action).every((path) => early.has(path)) ? action : asRemoved(action)
  })
}

function asSent({ moved: _moved, ...action }: UploadAction): UploadAction {
  return action
}

function asRemoved({ after: _after, move: _move, ...action }: RemoveRemoteAction): Action {
  return action
}

export function isDownward(action: Action): boolean {
  return action.kind === 'download' || action.kind === 'keep-both' || action.kind === 'move-local'
}

export function isUpward(action: Action): boolean {
  return action.kind === 'upload' || action.kind === 'keep-both'
}

/** Paths that are about to exist; asks whether another path cannot exist beside them. */
class Spots {
  #files = new Set<Path>()
  #folders = new Set<Path>()

  constructor(paths: readonly Path[]) {
    for (const path of paths) {
      if (!isFolderKey(path)) this.#files.add(path)
      for (const folder of ancestorsOf(path)) this.#folders.add(folder)
    }
  }

  clashes(path: Path): boolean {
    const bare = diskPath(path)
    // A file in the place of a folder to come …
    if (!isFolderKey(path) && this.#folders.has(bare)) return true
    // … or something in a folder in whose place a file is to come.
    if (isFolderKey(path) && this.#files.has(bare)) return true
    return ancestorsOf(path).some((folder) => this.#files.has(folder))
  }
}

/**
 * The last-copy rule: content that both sides hold before the run is held by the merged tree after it, unless a person removed it knowingly.
 * Where the same content is on its way out on both sides, at different paths, each removal was made by somebody who could still see the other copy.
 * The local removals of such content are then left undone, unless a surviving path holds it.
 *
 * @param local content leaving this side, by path
 * @param remote content leaving the other side, also where the direction of this run leaves it there
 * @param survives whether a path that stays holds this content
 * @returns paths whose removal must not be done in this run
 */
export function lastCopies(
  local: readonly Removal[],
  remote: readonly Removal[],
  survives: ReadonlySet<string>,
): ReadonlySet<Path> {
  const leavingRemote = new Set(remote.map((removal) => removal.sha256))
  return new Set(
    local
      .filter(({ sha256 }) => leavingRemote.has(sha256) && !survives.has(sha256))
      .map(({ path }) => path),
  )
}
