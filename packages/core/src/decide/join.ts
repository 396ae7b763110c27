import type {
  BaseEntry,
  LocalEntry,
  Path,
  RemoteEntry,
  Row,
  SymlinkPolicy,
} from '../model/entry.ts'
import { countLeftOver, type LeftOver } from '../model/nested.ts'
import type { Problem } from '../model/problem.ts'
import { ABSENT, type Seen, type Side, type SortedStream } from '../model/side.ts'
import { type Folding, keyName } from '../model/folding.ts'
import { ancestorsOf, isFolderKey, reservedFolderOf } from '../model/path.ts'
import { type Filled, FilledFolders } from './filled.ts'
import { isJunk } from './ignore.ts'
import { Merge, type Shown } from './merge.ts'
import { localUnchanged, remoteUnchanged } from './unchanged.ts'

/** A path on which something may have to be decided. */
export interface Joined {
  readonly path: Path
  readonly base?: BaseEntry
  readonly local: Side<LocalEntry>
  readonly remote: Side<RemoteEntry>
  /** The remote side is the mark of an empty folder whose name a file has taken there. */
  readonly stale?: boolean
  /** An empty folder of one side, in which there is something all the same. */
  readonly filled?: Filled | undefined
}

/** Files seen while joining; folders are not counted, but `anything` knows of them. */
export interface JoinCounts {
  base: number
  local: number
  remote: number
  unknown: number
  unchanged: number
  anythingLocal: boolean
  anythingRemote: boolean
  /** Paths of which nothing is known, and folders (ending in a slash) below which nothing is. Left out by rule is not among them. */
  readonly unseen: Set<Path>
  readonly unseenBelow: Set<Path>
  /** Folders here that hold something of which nothing is known, or that is left out; junk aside. */
  readonly occupied: Set<Path>
  /** Repositories within this one: those that are here, and those of which the outer one knew something. */
  readonly nested: Map<Path, { readonly here: boolean; readonly leftOver: LeftOver }>
  /** Of the paths that were asked for, those of which no side has shown anything yet. */
  readonly nowhere: Set<Path>
  /** Rows that are to be marked as frozen, or not any more; or not any more as on their way out. */
  readonly marks: Row[]
}

export interface JoinOptions {
  /** Paths that are left out by rule: their rows freeze. Asked of a key when the local stream has come to it. */
  readonly ignored: (path: Path) => boolean
  /** The path at or above this one where others have a repository of its own: as above. */
  readonly nestedAbove: (path: Path) => Path | undefined
  readonly symlinks: SymlinkPolicy
  readonly folding: Folding
  /** The remote does not show empty folders: their keys are unknown there. */
  readonly foldersUnknown: boolean
  readonly counts: JoinCounts
  readonly onProblem: (problem: Problem) => void
}

const PAGE = 256

/**
 * Merge-joins base, local and remote, three streams in key order, and yields what is not plainly unchanged.
 * Memory holds a page of each. A path with an unknown side is never yielded: its row stays as it is.
 */
export async function* join(
  base: SortedStream<Row>,
  local: SortedStream<Seen<LocalEntry>>,
  remote: SortedStream<Seen<RemoteEntry>>,
  options: JoinOptions,
): SortedStream<Joined> {
  const merge = new Merge(base, local, remote)
  const walk = new Walk(options)
  let page: Joined[] = []
  try {
    for (;;) {
      if (!merge.isReady) await merge.load()
      const shown = merge.take()
      if (shown === undefined) break
      const joined = walk.join(shown)
      if (joined === undefined) continue
      // Not sooner: what comes next tells of the last folder whether it is filled.
      if (page.length === PAGE) {
        yield page
        page = []
      }
      page.push(joined)
    }
    if (page.length > 0) yield page
  } finally {
    await merge.close()
  }
}

/** What the paths before the present one have shown. */
class Walk {
  readonly #options: JoinOptions
  /** Folders, ending in a slash, below which nothing is known on a side. */
  #localUnknownBelow: Path | undefined
  #remoteUnknownBelow: Path | undefined
  #repositoryHere: Path | undefined
  #remoteWithin: Path | undefined
  readonly #filled = new FilledFolders()

  constructor(options: JoinOptions) {
    this.#options = options
  }

  /** Counts the path. @returns the row, where something may have to be decided on it */
  join(shown: Shown): Joined | undefined {
    const { counts, folding } = this.#options
    const { path, base, local } = shown
    if (counts.nowhere.size > 0)
      for (const asked of [path, ...ancestorsOf(path)]) counts.nowhere.delete(asked)
    const remote =
      shown.remote === undefined || keyName(path, folding) === path
        ? shown.remote
        : // The disk would give it back under another name.
          unnameable(path)
    if (local !== undefined) this.#noteLocal(path, local)
    if (remote !== undefined) this.#noteRemote(path, remote)
    count(counts, path, base, local, remote)
    if (this.#isUnknown(path, base, local, remote)) return undefined
    return this.#known(path, base, local, remote)
  }

  #noteLocal(path: Path, { side, below, repository }: Seen<LocalEntry>): void {
    const { counts, onProblem } = this.#options
    if (below === true) {
      this.#localUnknownBelow = path
      counts.unseenBelow.add(path)
    }
    if (repository === true) {
      this.#repositoryHere = path
      nestedAt(counts, path.slice(0, -1), true)
    }
    if (side.state !== 'unknown') return
    // The key of a folder that holds only what is left out stands beside those of what it holds.
    if ((below === true || !isFolderKey(path)) && !isJunk(path))
      for (const folder of ancestorsOf(path)) counts.occupied.add(folder)
    const { problem: code, detail } = side
    if (code !== undefined) onProblem({ path, code, ...(detail === undefined ? {} : { detail }) })
  }

  #noteRemote(path: Path, { side, below }: Seen<RemoteEntry>): void {
    const { counts, ignored, onProblem } = this.#options
    if (below === true) {
      this.#remoteUnknownBelow = path
      counts.unseenBelow.add(path)
    }
    // What is left out is nobody's worry.
    if (side.state !== 'unknown' || side.problem === undefined || ignored(path)) return
    if (side.problem !== 'remote-within') {
      onProblem({ path, code: side.problem })
      return
    }
    // Once for each: it keeps objects by the thousand there, all of them neighbours.
    const within = reservedFolderOf(path)
    if (this.#remoteWithin === within) return
    this.#remoteWithin = within
    onProblem({ path: within, code: side.problem })
  }

  /** Whether nothing may be concluded on this path; what there is to note of it all the same is noted. */
  #isUnknown(
    path: Path,
    base: BaseEntry | undefined,
    local: Seen<LocalEntry> | undefined,
    remote: Seen<RemoteEntry> | undefined,
  ): boolean {
    const { counts, symlinks, foldersUnknown, ignored, nestedAbove, onProblem } = this.#options
    // A link there that is to be skipped: what an agreement or a look at it told, as long as it is the same object.
    const skippedLink =
      symlinks === 'skip' &&
      base?.type === 'link' &&
      remote?.side.state === 'present' &&
      remoteUnchanged(base, remote.side.entry)
    const repository = this.#repositoryHere
    const inRepository =
      repository !== undefined && path.startsWith(repository)
        ? repository.slice(0, -1)
        : nestedAbove(path)
    const unseen =
      skippedLink || local?.side.state === 'unknown' || remote?.side.state === 'unknown'
    if (
      !unseen &&
      inRepository === undefined &&
      !isBelow(path, this.#localUnknownBelow) &&
      !isBelow(path, this.#remoteUnknownBelow) &&
      !(foldersUnknown && isFolderKey(path)) &&
      !ignored(path)
    )
      return false
    counts.unknown++
    if (unseen) counts.unseen.add(path)
    if (inRepository !== undefined)
      countLeftOver(nestedAt(counts, inRepository, false).leftOver, path, {
        here: local?.side.state === 'present',
        remote: remote?.side.state === 'present',
      })
    const isLeftOut = (): boolean => inRepository !== undefined || ignored(path)
    if (skippedLink && local?.side.state !== 'unknown' && !isLeftOut())
      onProblem({ path, code: 'symbolic-link' })
    if (base !== undefined && base.frozen === undefined && (skippedLink || isLeftOut()))
      counts.marks.push({ path, entry: { ...base, frozen: true } })
    return true
  }

  /** Undefined for what is plainly unchanged. */
  #known(
    path: Path,
    base: BaseEntry | undefined,
    localSeen: Seen<LocalEntry> | undefined,
    remoteSeen: Seen<RemoteEntry> | undefined,
  ): Joined | undefined {
    const { counts } = this.#options
    const local: Side<LocalEntry> = localSeen?.side ?? ABSENT
    const remote: Side<RemoteEntry> = remoteSeen?.side ?? ABSENT
    const stale = remoteSeen?.stale === true
    this.#filled.see(path, local, remote)
    if (
      base !== undefined &&
      !stale &&
      local.state === 'present' &&
      remote.state === 'present' &&
      localUnchanged(base, local.entry) &&
      remoteUnchanged(base, remote.entry)
    ) {
      counts.unchanged++
      // A removal of ours that was not carried out is over, too: left, the mark would undo a removal by others one day.
      if (base.frozen === true || base.removing === true)
        counts.marks.push({ path, entry: unmarked(base) })
      return undefined
    }
    // Gone, or made anew by others since: either way the agreement ended with our removal.
    const removedByUs =
      base?.removing === true &&
      local.state === 'present' &&
      (remote.state === 'absent' ||
        (remote.state === 'present' && remote.entry.version !== base.remote.version))
    const leftOut =
      base?.frozen === true && (local.state === 'present' || remote.state === 'present')
    const joined: Joined = {
      path,
      ...(base === undefined || removedByUs || leftOut ? {} : { base }),
      local,
      remote,
      ...(stale ? { stale } : {}),
    }
    this.#filled.watch(joined)
    return joined
  }
}

function unnameable(path: Path): Seen<RemoteEntry> {
  return { path, side: { state: 'unknown', problem: 'name-folds' } }
}

function count(
  counts: JoinCounts,
  path: Path,
  base: BaseEntry | undefined,
  local: Seen<LocalEntry> | undefined,
  remote: Seen<RemoteEntry> | undefined,
): void {
  const files = isFolderKey(path) ? 0 : 1
  if (local?.side.state === 'present') {
    counts.anythingLocal = true
    counts.local += files
  }
  if (remote?.side.state === 'present') {
    counts.anythingRemote = true
    counts.remote += files
  }
  if (base !== undefined) counts.base += files
}

function isBelow(path: Path, folder: Path | undefined): boolean {
  return folder !== undefined && path.startsWith(folder)
}

function unmarked({ frozen: _frozen, removing: _removing, ...entry }: BaseEntry): BaseEntry {
  return entry
}

function nestedAt({ nested }: JoinCounts, path: Path, here: boolean) {
  const before = nested.get(path)
  const found = {
    here: here || before?.here === true,
    leftOver: before?.leftOver ?? { here: 0, remote: 0, paths: [] },
  }
  nested.set(path, found)
  return found
}
