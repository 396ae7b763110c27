import type { DiskStat } from '../disk/disk.ts'
import type { DownloadAction } from '../model/plan.ts'
import type { Received, Staged } from './content.ts'

/** Content that is here, with the place it is for. */
export interface Placement {
  readonly action: DownloadAction
  readonly content: Received | Staged
  readonly done: (failure?: unknown) => void
}

/** A placement that is staged, its intent journalled: after a flush it may be swapped in. */
export interface Ready {
  readonly placement: Placement
  readonly staged: Staged
  /** Where the old file goes, if there is one. */
  readonly aside?: string
}

/** A folder that is not here yet, filled in the staging folder. */
export interface NewFolder {
  /** Where it belongs. */
  readonly path: string
  readonly staged: string
  readonly files: readonly Ready[]
  /** Nothing else is in it, and nothing that belongs there is missing. */
  readonly isWhole: boolean
}

/** A batch of which everything is staged. */
export interface Prepared {
  /** Those of folders that are not here yet. */
  readonly folders: readonly NewFolder[]
  readonly ready: readonly Ready[]
}

/** A file in its place; after a flush it may be recorded. */
export interface Placed extends Ready {
  /**
   * As it lies there, looked at at once, or (in a folder that came whole) as it was made: whatever is saved from then on moves its ctime on, also where
   * size and time are put back.
   */
  readonly stat: DiskStat | undefined
}
