import type { IgnoreSettings } from '../decide/ignore.ts'
import type { World } from '../disk/world.ts'
import type { Path, RemoteEntry, SymlinkPolicy } from '../model/entry.ts'
import type { Folding } from '../model/folding.ts'
import type { AdoptAction, ConflictPolicy, Override, Settlement, SyncMode } from '../model/plan.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import type { State } from '../state/state.ts'
import type { GatherContext } from './gather.ts'

/** What plans are made with. */
export interface PlanContext extends GatherContext {
  readonly world: World
  readonly state: State
  readonly ignore: IgnoreSettings
  /** The path at or above this one where others have a repository of its own, if there is one. */
  readonly nestedAbove: (path: Path) => Path | undefined
  readonly symlinks: SymlinkPolicy
  readonly folding: Folding
  /** Hears of rows (also of some outside of what is named) that are what they were and need only be recorded so; they are not part of the plan then. */
  readonly onSilent?: (action: AdoptAction) => void
  /** Stands in for the remote's listing, where the remote is not asked. */
  readonly remoteStream?: (within: readonly Path[]) => SortedStream<Seen<RemoteEntry>>
}

/** What a plan is to be about. */
export interface PlanOptions {
  readonly mode: SyncMode
  readonly policy: ConflictPolicy
  readonly within: readonly Path[]
  /** For a push or a pull; it holds for what was named, also where a round looks at other paths. */
  readonly override?: { readonly as: Override; readonly named: readonly Path[] }
  /** By path. With them, nothing else is decided. */
  readonly settlements?: ReadonlyMap<Path, Settlement>
  /** So many additions are held at once. */
  readonly portion?: number
}
