import type { Disk } from '../disk/disk.ts'
import type { World } from '../disk/world.ts'
import type { ProcessIdentity } from '../disk/process.ts'
import type { OnEvent } from '../model/events.ts'
import type {
  Conflict,
  ConflictPolicy,
  GuardName,
  Halt,
  MaxDelete,
  Override,
  Settlement,
  SyncMode,
} from '../model/plan.ts'
import type { Nested } from '../model/nested.ts'
import type { Problem } from '../model/problem.ts'
import type { ProviderModule } from '../provider/index.ts'
import type { Path } from '../model/entry.ts'
import type { UserConfiguration } from '../state/user-config.ts'

/** How core finds the module for a scheme: the CLI discovers plugins; tests hand in modules. */
export interface Providers {
  /** LsyncError `unknown-scheme` or `provider-broken`. */
  get(scheme: string): Promise<ProviderModule>
  readonly schemes: readonly string[]
}

/** What a command of core needs of the machine it runs on; nothing in core reads `process`. */
export interface Machine {
  readonly world: World
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `user@host`, the default author. */
  readonly author: string
  readonly providers: Providers
  readonly openDisk: (root: string) => Disk
  /** What the user says for every repository; a repository's own configuration goes first. */
  readonly userConfig?: UserConfiguration
  /** This process, for the lock. */
  readonly process: ProcessIdentity
  /** True if a process with that pid that started then lives on this boot. */
  readonly isAlive: (holder: ProcessIdentity) => boolean
}

export interface RunOptions {
  readonly mode: SyncMode
  /** Relative to the root, without trailing slash; empty = the whole repository. */
  readonly paths: readonly Path[]
  readonly dryRun: boolean
  /** Requests in flight; by default 32 to 128, by how far the store is. */
  readonly jobs?: number
  /** So many of the files that are new are planned and carried out at a time; default 10,000. */
  readonly portion?: number
  readonly maxDelete?: MaxDelete
  readonly allow: readonly GuardName[]
  readonly conflict?: ConflictPolicy
  /** For a push or a pull: this side of the named paths wins over the other. */
  readonly override?: Override
  /** What a person decided on single conflicts, by path. Nothing else is done then. */
  readonly settlements?: ReadonlyMap<Path, Settlement>
  /** Bytes per second, each way. */
  readonly bandwidth?: { readonly up?: number; readonly down?: number }
  /** Seconds to wait for the lock; default 0. */
  readonly wait?: number
  /** The caller runs the repositories within this one too: to name a path in one of them is no mistake. */
  readonly recursive?: boolean
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

export interface Totals {
  readonly uploaded: { readonly files: number; readonly bytes: number }
  readonly downloaded: { readonly files: number; readonly bytes: number }
  readonly removedLocally: number
  readonly removedRemotely: number
  /** Files that took another name on one side, after the other. */
  readonly moved: number
  readonly adopted: number
  /** Files whose executable bit alone was set or cleared here. */
  readonly executable: number
  readonly unchanged: number
  readonly failed: number
}

export interface RunReport {
  readonly remote: string
  readonly conflicts: readonly Conflict[]
  readonly problems: readonly Problem[]
  readonly halted: readonly Halt[]
  /** Repositories within this one, as far as this run came by them. */
  readonly nested: readonly Nested[]
  readonly totals: Totals
}
