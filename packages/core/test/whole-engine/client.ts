import { isStorageError, type MemoryStore } from '../../src/provider/index.ts'
import { LsyncError } from '../../src/model/errors.ts'
import type { OnEvent } from '../../src/model/events.ts'
import type {
  Conflict,
  ConflictPolicy,
  Override,
  Settlement,
  SyncMode,
} from '../../src/model/plan.ts'
import type { RunReport } from '../../src/sync/api.ts'
import { openState } from '../../src/state/open-state.ts'
import { takeLock } from '../../src/state/lock.ts'
import { sync } from '../../src/sync/sync.ts'
import { type Faults, faultyProvider, type Sabotage } from './faulty-store.ts'
import { MemoryDisk } from './memory-disk.ts'
import type { Random } from './random.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** What all clients of one simulation share. */
export interface World {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly store: MemoryStore
  readonly faults: Faults
  readonly sabotage: Sabotage
  readonly violations: string[]
  /** Bytes of transfers that went on where an earlier run had stopped. */
  resumed: { up: number; down: number }
}

export interface Client {
  readonly name: string
  disk: MemoryDisk
  actor: Actor
  /** The run that is under way. */
  work: Promise<unknown> | undefined
  runs: number
  /** The run is at its transfers. */
  transferring: boolean
  /** Folders that runs of this client know to be repositories of their own. */
  readonly apart: Set<string>
  /** What the person leaves out, by the client's own configuration. */
  ignore: readonly string[]
  /** What the last run reported, for a person to decide on; it may have moved since. */
  conflicts: readonly Conflict[]
}

export interface RunChoices {
  readonly mode: SyncMode
  readonly conflict: ConflictPolicy
  readonly paths?: readonly string[]
  readonly override?: Override
  readonly settlements?: ReadonlyMap<string, Settlement>
  readonly dryRun?: boolean
  readonly onEvent?: OnEvent
}

const GUARDS = ['mass-delete', 'emptied', 'mass-change', 'unrelated', 'other-remote'] as const

export function newClient({ scheduler, random }: World, name: string): Client {
  const actor: Actor = { name, dead: false }
  return {
    name,
    disk: newDisk(actor, scheduler, random),
    actor,
    work: undefined,
    runs: 0,
    transferring: false,
    apart: new Set(),
    ignore: [],
    conflicts: [],
  }
}

export function newDisk(actor: Actor, scheduler: Scheduler, random: Random): MemoryDisk {
  const disk = new MemoryDisk(actor, scheduler, random)
  disk.folder('.lsync')
  disk.sync()
  return disk
}

/** Begins a run; undefined is its result where the store ended it. */
export async function startRun(
  world: World,
  client: Client,
  choices: RunChoices,
): Promise<RunReport | undefined> {
  client.runs++
  client.transferring = false
  const actor: Actor = { name: `${client.name}.${client.runs}`, dead: false }
  client.actor = actor
  client.disk = client.disk.after(actor)
  const work = run(world, client, actor, choices)
  client.work = work
  try {
    return await work
  } finally {
    if (client.actor === actor) client.work = undefined
  }
}

async function run(
  { scheduler, random, store, faults, sabotage, violations, resumed }: World,
  client: Client,
  actor: Actor,
  { mode, conflict, paths = [], override, settlements, dryRun = false, onEvent }: RunChoices,
): Promise<RunReport | undefined> {
  const { disk } = client
  const world = scheduler.world(actor)
  const { signal } = new AbortController()
  const release = await takeLock(disk, world, {
    self: { pid: client.runs, host: client.name, boot: '', started: '' },
    isAlive: () => false,
    wait: 0,
    signal,
  })
  try {
    const { portions = false } = sabotage
    const state = await openState(disk, world, ...(portions ? [2] : []))
    const report = await sync(
      {
        disk,
        provider: faultyProvider(store, actor, scheduler, random, faults, sabotage),
        world,
        state,
        author: client.name,
        remote: 'memory://one',
        policy: 'manual',
        ignore: { ignore: client.ignore, only: [] },
        symlinks: 'store',
        ...(sabotage.large === true ? { ranged: { from: 8, range: 3, noted: 3 } } : {}),
      },
      {
        mode,
        paths,
        dryRun,
        jobs: 4,
        ...(portions ? { portion: 1 + (client.runs % 3) } : {}),
        allow: GUARDS,
        conflict,
        ...(override === undefined ? {} : { override }),
        ...(settlements === undefined ? {} : { settlements }),
        signal,
        onEvent: (event) => {
          onEvent?.(event)
          if (event.type === 'resumed') resumed[event.direction] += event.bytes
          if (event.type === 'phase') client.transferring = event.phase === 'transferring'
        },
      },
    )
    client.conflicts = report.conflicts
    return report
  } catch (error) {
    if (isStorageError(error)) return undefined
    // A person names what is gone by now.
    if (error instanceof LsyncError && error.code === 'bad-path') return undefined
    violations.push(
      `${client.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
    return undefined
  } finally {
    await release()
  }
}
