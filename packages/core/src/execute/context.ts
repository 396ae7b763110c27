import type { World } from '../disk/world.ts'
import type { Disk } from '../disk/disk.ts'
import type { Path, SymlinkPolicy } from '../model/entry.ts'
import type { Folding } from '../model/folding.ts'
import type { OnEvent } from '../model/events.ts'
import type { StorageProvider } from '../provider/index.ts'
import type { Bandwidth, Slots } from '../remote/limiter.ts'
import type { State } from '../state/state.ts'
import type { Transfers } from '../state/transfers.ts'
import type { Arena } from './arena.ts'
import type { WorthAThread } from './hash-behind.ts'
import type { NewFolders } from './new-folders.ts'
import type { Recorder } from './recorder.ts'
import type { Trash } from './trash.ts'
import type { UploadBuffers } from './upload-buffers.ts'

/** How large objects are read. */
export interface Ranged {
  /** From so many bytes on an object is read in ranges, several at once, and goes on where an earlier run stopped. */
  readonly from: number
  /** Bytes of a range. */
  readonly range: number
  /** After so many bytes what came of a file is flushed and noted (after more, of a very large one): what a death costs at most, beside what is under way. */
  readonly noted: number
}

/** What effects work with; made once a run. */
export interface Effects {
  readonly disk: Disk
  /** With policies around it. */
  readonly provider: StorageProvider
  readonly world: World
  readonly state: State
  readonly trash: Trash
  /** What systems leave in folders, and nobody took back in by a rule: it goes with its folder. */
  readonly isJunk: (path: Path) => boolean
  readonly recorder: Recorder
  readonly newFolders: NewFolders
  readonly transfers: Transfers
  readonly ranged: Ranged
  /** For small files, and for pieces of what is fetched. One for each way: what was fetched waits longer. */
  readonly arenas: { readonly up: Arena; readonly down: Arena }
  /** For parts, and for whole files in memory that are no small ones. */
  readonly uploadBuffers: UploadBuffers
  readonly worthAThread: WorthAThread
  /** Ranges under way of all large files that are fetched: each holds some memory. */
  readonly rangeSlots: Slots
  readonly author: string
  readonly symlinks: SymlinkPolicy
  readonly folding: Folding
  readonly jobs: number
  readonly bandwidth: { readonly up: Bandwidth; readonly down: Bandwidth }
  /** Of the run; aborted also when outcomes cannot be recorded any more. */
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}
