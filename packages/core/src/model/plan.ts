import type { DiskStat } from '../disk/disk.ts'
import type { Expect, Version } from '../provider/index.ts'
import type { Problem } from './problem.ts'
import type { BaseEntry, LocalEntry, Path, RemoteEntry } from './entry.ts'
import type { SameSize } from './same-size.ts'

/** What a local effect expects to find at its path. */
export type LocalFrom = LocalEntry | 'absent'

/**
 * One effect that was decided. What it expects to find (`from`, `expect`) is at once the local guard and the remote precondition.
 */
export type Action =
  | UploadAction
  | DownloadAction
  | MoveLocalAction
  | RemoveLocalAction
  | RemoveRemoteAction
  | SetExecutableAction
  | AdoptAction
  | ForgetAction
  | KeepBothAction

interface ActionBase {
  readonly path: string
  readonly base?: BaseEntry
}

export interface UploadAction extends ActionBase {
  readonly kind: 'upload'
  readonly reason: 'new' | 'changed' | 'revived' | 'executable' | 'conflict' | 'forced'
  readonly from: LocalEntry
  /** Of `from`, where it was hashed already. */
  readonly sha256?: string
  readonly expect: Expect
  /** What the remote holds now, where something is overwritten. */
  readonly over?: RemoteEntry
  readonly executable: boolean
  /** The remote version was never seen by this clone: keep it in the trash before it is overwritten. */
  readonly keepRemote: boolean
  /** The object that this file was, before it was renamed here: it can be copied on the server, and goes afterwards. */
  readonly moved?: RemoteEntry
}

export interface DownloadAction extends ActionBase {
  readonly kind: 'download'
  readonly reason: 'new' | 'changed' | 'revived' | 'conflict' | 'forced'
  readonly from: LocalFrom
  readonly remote: RemoteEntry
  /** The executable bit was changed here since the base: it stays, and goes up afterwards. */
  readonly ownBit?: true
  /** Files here that hold the same content, best first: copied if they still do, so that nothing is fetched. */
  readonly here?: readonly HeldHere[]
  /** Else those of the same size, of which one may hold it. */
  readonly sameSize?: SameSize
}

/** A file here, and the digest of its content. */
export interface HeldHere {
  readonly path: string
  readonly sha256: string
}

/** Renamed by others: the local file follows, and keeps its inode. What stands at `path` is absent. */
export interface MoveLocalAction extends ActionBase {
  readonly kind: 'move-local'
  /** Where the file is now. */
  readonly source: string
  /** The file as it lies at `source`. */
  readonly from: LocalEntry
  readonly sha256: string
  /** The executable bit was changed here since the base: it stays, and goes up afterwards. */
  readonly ownBit: boolean
  /** With metadata. */
  readonly remote: RemoteEntry
}

export interface RemoveLocalAction extends ActionBase {
  readonly kind: 'remove-local'
  readonly from: LocalEntry
  /** It holds what nobody else has seen: the base, if there is one, says nothing about its content. */
  readonly forced?: true
  /** An empty folder that others have filled: it stays, and what they put into it comes. */
  readonly filled?: true
}

export interface RemoveRemoteAction extends ActionBase {
  readonly kind: 'remove-remote'
  readonly remote: RemoteEntry
  /** The content appeared here under this name: it goes only once the remote is seen to hold it there. */
  readonly after?: string
  /** The one that `after` names was this file: together they are a move. */
  readonly move?: true
  /** This clone never saw what it holds, nor does the base say: keep it in the trash before it goes. */
  readonly keepRemote?: true
  /** The mark of an empty folder that was filled, here or there: only the mark goes, the folder stays. */
  readonly filled?: true
}

export interface SetExecutableAction extends ActionBase {
  readonly kind: 'set-executable'
  readonly from: LocalEntry
  readonly sha256: string
  readonly remote: RemoteEntry
  readonly executable: boolean
}

/** Both sides hold the same: only the database learns it. */
export interface AdoptAction extends ActionBase {
  readonly kind: 'adopt'
  readonly from: LocalEntry
  readonly sha256: string
  readonly remote: RemoteEntry
  readonly executable: boolean
  /** True where a row existed and only fingerprints moved: not worth a line to a person. */
  readonly silent: boolean
}

/** Both sides hold nothing: the row goes. */
export interface ForgetAction extends ActionBase {
  readonly kind: 'forget'
}

/** A conflict settled by keeping both: the remote content arrives beside, then the local content goes up. */
export interface KeepBothAction extends ActionBase {
  readonly kind: 'keep-both'
  readonly from: LocalEntry
  readonly sha256?: string
  readonly remote: RemoteEntry
  readonly executable: boolean
}

/** Both sides changed, and not to the same content. Derived anew in every run. */
export interface Conflict {
  readonly path: string
  readonly local: LocalEntry | 'absent'
  readonly remote: RemoteEntry | 'absent'
  readonly base?: BaseEntry
  readonly kind: 'content' | 'file-folder'
}

/** Totals that the guards judge. Files only, folders do not count. */
export interface Counts {
  readonly base: number
  readonly local: number
  readonly remote: number
  readonly unknown: number
}

export interface Plan {
  readonly actions: readonly Action[]
  readonly conflicts: readonly Conflict[]
  readonly problems: readonly Problem[]
  /** What is new on one side, and is left out on the other. */
  readonly unbrought: Unbrought
  readonly counts: Counts
}

/** What should have come to a side (`up`: the remote), and does not: while there is any, nothing is removed on that side. */
export interface Unbrought {
  readonly up: ReadonlySet<Path>
  readonly down: ReadonlySet<Path>
}

export type GuardName = 'mass-delete' | 'emptied' | 'mass-change' | 'unrelated' | 'other-remote'

/** How many files may be removed on a side before the run halts, or which share of them. */
export type MaxDelete = { readonly count: number } | { readonly percent: number }

export interface Halt {
  readonly guard: GuardName
  readonly side: 'local' | 'remote'
  /** The numbers that made it halt, for the message. */
  readonly affected: number
  readonly total: number
}

export type SyncMode = 'sync' | 'pull' | 'push'
export type ConflictPolicy = 'manual' | 'keep-both' | 'newest' | 'local' | 'remote'
/** How a push or a pull deals with what is newer on the side it goes to. */
export type Override = 'force' | 'mirror'

/** What a person decided on one conflict. It holds for the two versions that she was shown, and for no others. */
export interface Settlement {
  readonly keep: Exclude<ConflictPolicy, 'manual'>
  readonly local: Pick<DiskStat, 'inode' | 'size' | 'mtime' | 'ctime'>
  readonly remote: Version
}
