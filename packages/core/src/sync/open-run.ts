import { believedDisk, settleBits } from './believed-disk.ts'
import { type IgnoreSettings, isJunk } from '../decide/ignore.ts'
import type { Retention } from '../decide/retention.ts'
import type { World } from '../disk/world.ts'
import type { Disk } from '../disk/disk.ts'
import type { Effects, Ranged } from '../execute/context.ts'
import { Arena } from '../execute/arena.ts'
import { UploadBuffers } from '../execute/upload-buffers.ts'
import { WorthAThread } from '../execute/hash-behind.ts'
import { NewFolders } from '../execute/new-folders.ts'
import { Recorder } from '../execute/recorder.ts'
import { recordAdopted } from '../execute/settle.ts'
import { Trash } from '../execute/trash.ts'
import type { Path, SymlinkPolicy } from '../model/entry.ts'
import type { Folding } from '../model/folding.ts'
import type { Pointer } from '../model/nested.ts'
import { normalizeScopes } from '../model/path.ts'
import type { ConflictPolicy, Halt } from '../model/plan.ts'
import type { StorageProvider } from '../provider/index.ts'
import { DEFAULT_JOBS } from '../remote/in-flight.ts'
import { Bandwidth, Slots } from '../remote/limiter.ts'
import { withPolicies } from '../remote/policies.ts'
import { DEFAULT_RETRY } from '../remote/retry.ts'
import { probeDisk } from '../scan/probe-disk.ts'
import { readKnownPointers } from '../state/nested.ts'
import type { State } from '../state/state.ts'
import { Transfers } from '../state/transfers.ts'
import type { RunOptions } from './api.ts'
import { checkIdentity } from './identity.ts'
import type { PlanContext } from './plan-context.ts'
import { NestedRepositories } from './nested.ts'
import { readPointers } from './pointers.ts'
import { clearStaging, repair, tellUnrepaired } from './repair.ts'

/** A repository and its remote, open; the lock is held by the caller. */
export interface SyncContext {
  readonly disk: Disk
  readonly provider: StorageProvider
  readonly world: World
  readonly state: State
  readonly author: string
  /** The remote's address, for the report. */
  readonly remote: string
  /** The identity that this repository was made for; undefined where the remote could not be given one. */
  readonly identity?: string
  readonly policy: ConflictPolicy
  /** How long the trash keeps what is in it; for ever, if absent. */
  readonly retention?: Retention
  readonly ranged?: Ranged
  readonly ignore: IgnoreSettings
  /** True if a nested repository's remote leads into this one's, or the reverse. */
  readonly overlaps?: (pointer: Pointer) => boolean
  readonly symlinks: SymlinkPolicy
  /** At most so many of the requests in flight may change something; all of them, if absent. */
  readonly writes?: number
}

const MIB = 1024 * 1024
/** What is held of all files that are sent: eight parts, as a rule. */
const UPLOAD_MEMORY = 64 * MIB
const RANGES_AT_ONCE = 16
const RANGED: Ranged = { from: 32 * MIB, range: 4 * MIB, noted: 4 * MIB }

/** All that a run works with, made before its first look. */
export interface Run {
  readonly context: SyncContext
  readonly options: RunOptions
  /** The named paths; empty = the whole repository. */
  readonly scopes: readonly Path[]
  readonly policy: ConflictPolicy
  readonly effects: Effects
  readonly planContext: PlanContext
  readonly nested: NestedRepositories
  /** What the last look found to be left out. */
  readonly rules: { ignored: (path: Path) => boolean }
}

/**
 * Repairs what a dead run left, and checks whose remote it is.
 * @returns a halt where it is another one
 */
export async function openRun(given: SyncContext, options: RunOptions): Promise<Run | Halt> {
  const { state, world } = given
  const { signal, onEvent } = options
  const jobs = options.jobs ?? DEFAULT_JOBS
  const provider = withPolicies(given.provider, {
    retry: DEFAULT_RETRY,
    slots: new Slots(jobs),
    writes: new Slots(given.writes ?? jobs),
    world,
  })
  for (const message of state.notices) onEvent({ type: 'notice', message })
  if (options.dryRun) tellUnrepaired(state, onEvent)
  else await recover(given, options)

  const habits = await probeDisk(given.disk, world)
  if (!options.dryRun) await settleBits(given.disk, state, habits)
  const { folding } = habits
  const disk = await believedDisk(given.disk, habits)
  const context = { ...given, disk }
  const scopes = normalizeScopes(options.paths)
  const policy = options.conflict ?? given.policy
  const known = await readKnownPointers(disk)
  const [other, pointers] = await Promise.all([
    checkIdentity(context, provider, options),
    readPointers(provider, known, jobs, signal),
  ])
  if (other !== undefined) return other

  const rules: Run['rules'] = { ignored: () => false }
  const effects = await makeEffects(context, options, { provider, folding, jobs, rules })
  const nested = await NestedRepositories.open(
    context,
    {
      mode: options.mode,
      policy,
      claim: options.override !== undefined && options.mode === 'push',
      within: scopes,
      recursive: options.recursive === true,
    },
    known,
    pointers,
  )
  const planContext: PlanContext = {
    ...context,
    folding,
    provider,
    jobs,
    signal,
    onEvent,
    nestedAbove: nested.above,
    // It claims nothing but what was just read, so no guard needs to be asked first.
    ...(options.dryRun
      ? {}
      : { onSilent: (action) => recordAdopted(effects.recorder, action, action.from) }),
  }
  return { context, options, scopes, policy, effects, planContext, nested, rules }
}

async function recover(
  { disk, state }: SyncContext,
  { signal, onEvent }: RunOptions,
): Promise<void> {
  onEvent({ type: 'phase', phase: 'recovering' })
  await clearStaging(disk)
  for (const path of await repair(disk, state, signal))
    onEvent({ type: 'notice', message: `put back after an interrupted run: ${path}` })
}

async function makeEffects(
  context: SyncContext,
  { bandwidth, signal, onEvent }: RunOptions,
  made: {
    readonly provider: StorageProvider
    readonly folding: Folding
    readonly jobs: number
    readonly rules: Run['rules']
  },
): Promise<Effects> {
  const { disk, state, world, remote, author, symlinks } = context
  const { provider, folding, jobs, rules } = made
  const recorder = new Recorder(disk, provider, state, world)
  const arenas = { up: new Arena(), down: new Arena() }
  return {
    disk,
    provider,
    world,
    state,
    trash: new Trash(disk, world),
    isJunk: (path) => isJunk(path) && rules.ignored(path),
    recorder,
    newFolders: new NewFolders({ disk, world, arenas }),
    transfers: await Transfers.open(disk, world, remote),
    ranged: context.ranged ?? RANGED,
    arenas,
    uploadBuffers: new UploadBuffers(UPLOAD_MEMORY),
    worthAThread: new WorthAThread(),
    rangeSlots: new Slots(RANGES_AT_ONCE),
    author,
    symlinks,
    folding,
    jobs,
    bandwidth: {
      up: new Bandwidth(bandwidth?.up, world),
      down: new Bandwidth(bandwidth?.down, world),
    },
    signal: AbortSignal.any([signal, recorder.failed]),
    onEvent,
  }
}
