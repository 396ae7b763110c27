import { executableHere } from './executable-bit.ts'
import type { BaseEntry, LocalEntry, RemoteEntry } from '../model/entry.ts'
import { ancestorsOf, isFolderKey } from '../model/path.ts'
import type {
  Action,
  DownloadAction,
  MoveLocalAction,
  RemoveLocalAction,
  UploadAction,
} from '../model/plan.ts'
import { givenUpPlaces, settledPlaces, uploadsByInode } from './destinations.ts'
import type { Judged } from './evidence.ts'
import type { Joined } from './join.ts'
import { groupByContent, type Holder, pair } from './pairs.ts'

/** What must be found out before moves can be told from removals and additions; empty in a run that removes nothing. */
export interface MoveQuestions {
  /** Local files that are new here and as long as one that vanished here: hash them. */
  readonly hash: readonly { readonly path: string; readonly from: LocalEntry }[]
  /** Objects that are new there and as long as one that vanished there: do they hold its content? */
  readonly compare: readonly {
    readonly remote: RemoteEntry
    readonly candidates: Candidates
  }[]
}

/** A local file that others removed, with what the base knows of its content. */
export interface Candidate {
  readonly path: string
  readonly from: LocalEntry
  readonly sha256: string
}

/** One of each content, by its sha256; all that vanished of one size share theirs. */
export type Candidates = ReadonlyMap<string, Candidate>

export interface MoveAnswers {
  /** sha256 of local files, by path. Absent where the file could not be read: it is nobody's destination. */
  readonly hashes: ReadonlyMap<string, string>
  /** By key: the content of the object is proved to be this, and what a later look at it brought. */
  readonly proved: ReadonlyMap<string, { readonly sha256: string; readonly remote: RemoteEntry }>
}

interface Known extends MoveAnswers {
  /** Rows of which nothing can be said in this run: a local file that cannot be read may be anybody's destination. */
  readonly unjudged: readonly Joined[]
}

export function moveQuestions(
  judged: readonly Judged[],
  actions: readonly Action[],
): MoveQuestions {
  const vanishedHere = new Set(
    actions.flatMap((action) =>
      action.kind === 'remove-remote' && action.keepRemote !== true && isMovable(action.base)
        ? [action.base.size]
        : [],
    ),
  )
  const vanishedThere = new Map<number, Map<string, Candidate>>()
  for (const action of actions) {
    if (action.kind !== 'remove-local' || action.forced === true) continue
    const { path, from, base } = action
    if (!isMovable(base)) continue
    const ofSize = vanishedThere.get(base.size) ?? new Map<string, Candidate>()
    if (!ofSize.has(base.sha256)) ofSize.set(base.sha256, { path, from, sha256: base.sha256 })
    vanishedThere.set(base.size, ofSize)
  }
  const hash = judged.flatMap(({ joined, local, sha256 }) =>
    appeared(local) &&
    sha256 === undefined &&
    joined.local.state === 'present' &&
    joined.local.entry.type === 'file' &&
    vanishedHere.has(joined.local.entry.stat.size)
      ? [{ path: joined.path, from: joined.local.entry }]
      : [],
  )
  const compare = actions.flatMap((action) => {
    if (action.kind !== 'download' || isFolderKey(action.path)) return []
    const candidates = vanishedThere.get(action.remote.size)
    return candidates === undefined ? [] : [{ remote: action.remote, candidates }]
  })
  return { hash, compare }
}

/**
 * Turns removals and additions of the same content into moves, and holds back the removal of content whose new place is not settled.
 * Several candidates are paired by inode, then by name, then in the order of their paths, so every run pairs them alike.
 */
export function withMoves(
  actions: readonly Action[],
  judged: readonly Judged[],
  { hashes, proved, unjudged }: Known,
): WithMoves {
  const { actions: there, ...rest } = movesThere(actions, judged, hashes, unjudged)
  return { actions: movesHere(there, proved), ...rest }
}

export interface WithMoves {
  readonly actions: readonly Action[]
  /** Removals on the remote that are left undone, since a file that cannot be read may hold what was there. */
  readonly kept: readonly string[]
  /** All that are left undone. */
  readonly staying: readonly string[]
}

/** Renamed here: the remote follows. */
function movesThere(
  actions: readonly Action[],
  judged: readonly Judged[],
  hashes: ReadonlyMap<string, string>,
  unjudged: readonly Joined[],
): WithMoves {
  const removals = actions
    .filter((action) => action.kind === 'remove-remote')
    .filter(({ keepRemote }) => keepRemote !== true)
  const leaving = removals.flatMap(({ path, base }): Holder[] =>
    isMovable(base) ? [{ path, sha256: base.sha256, inode: base.local?.inode }] : [],
  )
  if (leaving.length === 0) return { actions, kept: [], staying: [] }
  const wanted = new Set(leaving.map(({ sha256 }) => sha256))
  const arriving = appearedWith(wanted, judged, hashes)
  const pairs = pair(leaving, arriving)
  const places = groupByContent(arriving)
  const unknown = unknownFiles(unjudged)
  const settled = settledPlaces(actions)
  const givenUp = givenUpPlaces(actions)
  const uploadedInodes = uploadsByInode(actions)
  const sources = new Map(removals.map((action) => [action.path, action]))
  const moved = new Map<string, string>()
  for (const [source, destination] of pairs)
    if (settled.get(destination) !== undefined) moved.set(destination, source)

  const kept: string[] = []
  const staying: string[] = []
  const moving = actions.flatMap((action): Action[] => {
    if (action.kind === 'upload') {
      const sha256 = action.sha256 ?? hashes.get(action.path)
      const name = moved.get(action.path)
      const source = name === undefined ? undefined : sources.get(name)
      return [
        {
          ...action,
          ...(sha256 === undefined ? {} : { sha256 }),
          ...(source === undefined
            ? {}
            : { moved: source.remote, executable: bitOfMoved(action, source.base) }),
        },
      ]
    }
    if (action.kind !== 'remove-remote' || action.keepRemote === true) return [action]
    if (!isMovable(action.base)) return [action]
    const destinations = places.get(action.base.sha256)
    if (destinations === undefined) {
      // It may have taken the place of a file that cannot be read now: the object stays until that is known.
      if (unknown.mayHold(action.base)) {
        kept.push(action.path)
        staying.push(action.path)
        return []
      }
      // Renamed and edited, or so it looks (an inode proves nothing): the former object stays until the latter is there.
      const { inode } = action.base.local ?? {}
      const edited = inode === undefined ? undefined : uploadedInodes.get(inode)
      return [edited === undefined ? action : { ...action, after: edited }]
    }
    const destination = pairs.get(action.path)
    if (destination !== undefined && moved.get(destination) === action.path)
      return [{ ...action, after: destination, move: true }]
    // Where others won, it is in the trash once theirs is here: a person knows that. A place that holds it goes first, and one that is not settled.
    const after =
      destinations.find(({ path }) => settled.has(path)) ??
      (destinations.every(({ path }) => givenUp.has(path)) ? destinations[0] : undefined)
    if (after !== undefined) return [{ ...action, after: after.path }]
    // Its content is here under a name on which nothing is settled yet (a conflict, say): it stays where it is until it is.
    staying.push(action.path)
    return []
  })
  return { actions: moving, kept, staying }
}

/** Files that appeared here, and hold one of the contents. */
function appearedWith(
  contents: ReadonlySet<string>,
  judged: readonly Judged[],
  hashes: ReadonlyMap<string, string>,
): readonly Holder[] {
  return judged.flatMap(({ joined: { path, local: side }, local, sha256 }): Holder[] => {
    const content = sha256 ?? hashes.get(path)
    return side.state === 'present' &&
      side.entry.type === 'file' &&
      appeared(local) &&
      content !== undefined &&
      contents.has(content)
      ? [{ path, sha256: content, inode: side.entry.stat.inode }]
      : []
  })
}

/** Where the disk keeps no bit, that of the file under its former name. */
function bitOfMoved({ from, executable }: UploadAction, source: BaseEntry | undefined): boolean {
  return from.stat.executable === undefined ? executableHere(from, source) : executable
}

/** Renamed by others: the local file follows. */
function movesHere(actions: readonly Action[], proved: MoveAnswers['proved']): readonly Action[] {
  const downloads = new Map(
    actions.flatMap((action) => (action.kind === 'download' ? [[action.path, action]] : [])),
  )
  const arriving = [...proved].flatMap(([path, { sha256 }]): Holder[] =>
    downloads.has(path) ? [{ path, sha256, inode: undefined }] : [],
  )
  if (arriving.length === 0) return actions
  const removals = new Map(
    actions.flatMap((action) =>
      action.kind === 'remove-local' && action.forced !== true ? [[action.path, action]] : [],
    ),
  )
  const leaving = [...removals.values()].flatMap(({ path, base }): Holder[] =>
    isMovable(base) ? [{ path, sha256: base.sha256, inode: undefined }] : [],
  )
  const sources = groupByContent(leaving)
  const folders = new Set([...downloads.keys()].flatMap(ancestorsOf))
  const sourceOf = new Map<string, string>()
  for (const [source, destination] of pair(leaving, arriving)) {
    const download = downloads.get(destination)
    // A rename cannot take the place of something, nor can a file become a folder above itself.
    if (download?.from === 'absent' && !folders.has(source)) sourceOf.set(destination, source)
  }
  const destinationOf = new Map([...sourceOf].map(([to, from]) => [from, to]))
  return actions.flatMap((action): Action[] => {
    if (action.kind === 'remove-local') return destinationOf.has(action.path) ? [] : [action]
    if (action.kind !== 'download') return [action]
    const proof = proved.get(action.path)
    if (proof === undefined) return [action]
    const source = removals.get(sourceOf.get(action.path) ?? '')
    if (source !== undefined) return [moveLocal(action, source, proof)]
    // A file that moves is found under its new name: moves come before downloads.
    const here = (sources.get(proof.sha256) ?? []).map(({ path, sha256 }) => ({
      path: destinationOf.get(path) ?? path,
      sha256,
    }))
    return here.length === 0 ? [action] : [{ ...action, remote: proof.remote, here }]
  })
}

function moveLocal(
  { path, base }: DownloadAction,
  source: RemoveLocalAction,
  { sha256, remote }: { readonly sha256: string; readonly remote: RemoteEntry },
): MoveLocalAction {
  return {
    kind: 'move-local',
    path,
    ...(base === undefined ? {} : { base }),
    source: source.path,
    from: source.from,
    sha256,
    ownBit: executableHere(source.from, source.base) !== source.base?.executable,
    remote,
  }
}

/** Whether one of the local files, of which nothing else is known, may be what vanished, edited or not. */
function unknownFiles(unjudged: readonly Joined[]): { mayHold(base: BaseEntry): boolean } {
  const sizes = new Set<number>()
  const inodes = new Set<number>()
  for (const { local } of unjudged)
    if (local.state === 'present' && local.entry.type === 'file') {
      sizes.add(local.entry.stat.size)
      if (local.entry.stat.inode !== undefined) inodes.add(local.entry.stat.inode)
    }
  return {
    mayHold: ({ size, local }) =>
      sizes.has(size) || (local?.inode !== undefined && inodes.has(local.inode)),
  }
}

function isMovable(base: BaseEntry | undefined): base is BaseEntry {
  return base !== undefined && base.type === 'file' && base.size > 0
}

function appeared(change: Judged['local']): boolean {
  return change === 'new' || change === 'changed'
}
