import { compareKeys } from '../provider/index.ts'
import type {
  BaseEntry,
  LocalEntry,
  Path,
  RemoteEntry,
  Row,
  SymlinkPolicy,
} from '../model/entry.ts'
import type { LeftOver } from '../model/nested.ts'
import type { Problem } from '../model/problem.ts'
import { ABSENT, type Seen, type Side, type SortedStream } from '../model/side.ts'
import { type Folding, keyName } from '../model/folding.ts'
import { ancestorsOf, isFolderKey, reservedFolderOf } from '../model/path.ts'
import { isJunk } from './ignore.ts'
import { Cursor } from './cursor.ts'
import { localUnchanged, remoteUnchanged } from './unchanged.ts'

/** A path on which something may have to be decided. */
export interface Joined {
  readonly path: Path
  readonly base?: BaseEntry
  readonly local: Side<LocalEntry>
  readonly remote: Side<RemoteEntry>
  /** The remote side is the mark of an empty folder whose name a file has taken there. */
  readonly stale?: boolean
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
  const { counts } = options
  const bases = new Cursor(base)
  const locals = new Cursor(local)
  const remotes = new Cursor(remote)
  let localUnknownBelow: string | undefined
  let remoteUnknownBelow: string | undefined
  let repositoryHere: Path | undefined
  let remoteWithin: Path | undefined
  let page: Joined[] = []
  try {
    for (;;) {
      if (bases.buffered === undefined && !bases.exhausted) await bases.fill()
      if (locals.buffered === undefined && !locals.exhausted) await locals.fill()
      if (remotes.buffered === undefined && !remotes.exhausted) await remotes.fill()
      const b = bases.buffered
      const l = locals.buffered
      const r = remotes.buffered
      if (b === undefined && l === undefined && r === undefined) break

      let path = b?.path
      if (l !== undefined && (path === undefined || compareKeys(l.path, path) < 0)) path = l.path
      if (r !== undefined && (path === undefined || compareKeys(r.path, path) < 0)) path = r.path
      if (path === undefined) break
      if (counts.nowhere.size > 0)
        for (const asked of [path, ...ancestorsOf(path)]) counts.nowhere.delete(asked)

      const baseEntry = b?.path === path ? b.entry : undefined
      const localSeen = l?.path === path ? l : undefined
      const remoteSeen: Seen<RemoteEntry> | undefined =
        r?.path !== path
          ? undefined
          : keyName(path, options.folding) === path
            ? r
            : // The disk would give it back under another name.
              { path, side: { state: 'unknown', problem: 'name-folds' } }
      if (baseEntry !== undefined) bases.advance()
      if (localSeen !== undefined) {
        locals.advance()
        if (localSeen.below === true) {
          localUnknownBelow = path
          counts.unseenBelow.add(path)
        }
        if (localSeen.repository === true) {
          repositoryHere = path
          nestedAt(counts, path.slice(0, -1), true)
        }
        // The key of a folder that holds only what is left out stands beside those of what it holds.
        if (
          localSeen.side.state === 'unknown' &&
          (localSeen.below === true || !isFolderKey(path)) &&
          !isJunk(path)
        )
          for (const folder of ancestorsOf(path)) counts.occupied.add(folder)
        if (localSeen.side.state === 'unknown' && localSeen.side.problem !== undefined) {
          const { problem: code, detail } = localSeen.side
          options.onProblem({ path, code, ...(detail === undefined ? {} : { detail }) })
        }
      }
      if (remoteSeen !== undefined) {
        remotes.advance()
        if (remoteSeen.below === true) {
          remoteUnknownBelow = path
          counts.unseenBelow.add(path)
        }
        if (
          remoteSeen.side.state === 'unknown' &&
          remoteSeen.side.problem !== undefined &&
          // What is left out is nobody's worry.
          !options.ignored(path)
        ) {
          const code = remoteSeen.side.problem
          if (code !== 'remote-within') options.onProblem({ path, code })
          // Once for each: it keeps objects by the thousand there, all of them neighbours.
          else if (remoteWithin !== reservedFolderOf(path)) {
            remoteWithin = reservedFolderOf(path)
            options.onProblem({ path: remoteWithin, code })
          }
        }
      }

      const folder = isFolderKey(path)
      if (localSeen?.side.state === 'present') {
        counts.anythingLocal = true
        if (!folder) counts.local++
      }
      if (remoteSeen?.side.state === 'present') {
        counts.anythingRemote = true
        if (!folder) counts.remote++
      }
      if (baseEntry !== undefined && !folder) counts.base++

      // A link there that is to be skipped: what an agreement or a look at it told, as long as it is the same object.
      const skippedLink =
        options.symlinks === 'skip' &&
        baseEntry?.type === 'link' &&
        remoteSeen?.side.state === 'present' &&
        remoteUnchanged(baseEntry, remoteSeen.side.entry)

      const inRepository =
        repositoryHere !== undefined && path.startsWith(repositoryHere)
          ? repositoryHere.slice(0, -1)
          : options.nestedAbove(path)
      if (
        skippedLink ||
        inRepository !== undefined ||
        localSeen?.side.state === 'unknown' ||
        remoteSeen?.side.state === 'unknown' ||
        (localUnknownBelow !== undefined && path.startsWith(localUnknownBelow)) ||
        (remoteUnknownBelow !== undefined && path.startsWith(remoteUnknownBelow)) ||
        (folder && options.foldersUnknown) ||
        options.ignored(path)
      ) {
        counts.unknown++
        if (
          skippedLink &&
          localSeen?.side.state !== 'unknown' &&
          inRepository === undefined &&
          !options.ignored(path)
        )
          options.onProblem({ path, code: 'symbolic-link' })
        if (inRepository !== undefined)
          countLeftOver(nestedAt(counts, inRepository, false).leftOver, path, {
            here: localSeen?.side.state === 'present',
            remote: remoteSeen?.side.state === 'present',
          })
        if (
          baseEntry !== undefined &&
          baseEntry.frozen === undefined &&
          (skippedLink || inRepository !== undefined || options.ignored(path))
        )
          counts.marks.push({ path, entry: { ...baseEntry, frozen: true } })
        if (
          skippedLink ||
          localSeen?.side.state === 'unknown' ||
          remoteSeen?.side.state === 'unknown'
        )
          counts.unseen.add(path)
        continue
      }

      const localSide: Side<LocalEntry> = localSeen?.side ?? ABSENT
      const remoteSide: Side<RemoteEntry> = remoteSeen?.side ?? ABSENT
      if (
        baseEntry !== undefined &&
        remoteSeen?.stale !== true &&
        localSide.state === 'present' &&
        remoteSide.state === 'present' &&
        localUnchanged(baseEntry, localSide.entry) &&
        remoteUnchanged(baseEntry, remoteSide.entry)
      ) {
        counts.unchanged++
        // A removal of ours that was not carried out is over, too: left, the mark would undo a removal by others one day.
        if (baseEntry.frozen === true || baseEntry.removing === true)
          counts.marks.push({ path, entry: unmarked(baseEntry) })
        continue
      }
      // Gone, or made anew by others since: either way the agreement ended with our removal.
      const removedByUs =
        baseEntry?.removing === true &&
        localSide.state === 'present' &&
        (remoteSide.state === 'absent' ||
          (remoteSide.state === 'present' && remoteSide.entry.version !== baseEntry.remote.version))
      const leftOut =
        baseEntry?.frozen === true &&
        (localSide.state === 'present' || remoteSide.state === 'present')
      page.push({
        path,
        ...(baseEntry === undefined || removedByUs || leftOut ? {} : { base: baseEntry }),
        local: localSide,
        remote: remoteSide,
        ...(remoteSeen?.stale === true ? { stale: true } : {}),
      })
      if (page.length >= PAGE) {
        yield page
        page = []
      }
    }
    if (page.length > 0) yield page
  } finally {
    await Promise.all([bases.close(), locals.close(), remotes.close()])
  }
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

/** So many left-over paths are told by name. */
const NAMED = 20

function countLeftOver(
  leftOver: LeftOver,
  path: Path,
  sides: { readonly here: boolean; readonly remote: boolean },
): void {
  if (isFolderKey(path) || (!sides.here && !sides.remote)) return
  if (sides.here) leftOver.here++
  if (sides.remote) leftOver.remote++
  if (leftOver.paths.length < NAMED) leftOver.paths.push(path)
}
