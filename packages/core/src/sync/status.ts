import { withoutHeldBack } from '../decide/held-back.ts'
import { withRests } from '../decide/rests.ts'
import { believedDisk } from './believed-disk.ts'
import { isSilent } from '../execute/tally.ts'
import type { Path, RemoteEntry } from '../model/entry.ts'
import type { OnEvent } from '../model/events.ts'
import type { Nested } from '../model/nested.ts'
import { normalizeScopes } from '../model/path.ts'
import type { Action, Conflict, ConflictPolicy, Halt } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import type { StorageProvider } from '../provider/index.ts'
import { DEFAULT_JOBS } from '../remote/in-flight.ts'
import { DEFAULT_SYMLINKS } from '../state/config.ts'
import { probeDisk } from '../scan/probe-disk.ts'
import { openState } from '../state/open-state.ts'
import type { State } from '../state/state.ts'
import type { Machine } from './api.ts'
import { checkIdentity } from './identity.ts'
import { guardsOf, makePlan } from './make-plan.ts'
import { refuseNowhere, tellLeftOut } from './nowhere.ts'
import { type KnownPointers, readKnownPointers } from '../state/nested.ts'
import { NestedRepositories } from './nested.ts'
import { overlapsOf } from './nested-remote.ts'
import { type FoundPointers, readPointers } from './pointers.ts'
import { tellUnrepaired } from './repair.ts'
import { openRemote } from './open-remote.ts'
import { lockRepository, type Repository } from './repository.ts'

export interface StatusOptions {
  readonly paths: readonly Path[]
  /** Do not ask the remote: take it as the base says. */
  readonly local: boolean
  /** Instead of what the configuration says. */
  readonly policy?: ConflictPolicy
  /** As in a run: the caller asks the nested ones too. */
  readonly recursive?: boolean
  /** Seconds to wait for the lock; default 0. */
  readonly wait?: number
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

/** What a sync would do. */
export interface Status {
  readonly remote: string
  /** Without those that nobody would see. */
  readonly actions: readonly Action[]
  readonly conflicts: readonly Conflict[]
  readonly problems: readonly Problem[]
  readonly unchanged: number
  /** Repositories within this one. */
  readonly nested: readonly Nested[]
  /** The guards that would halt that sync. */
  readonly halts: readonly Halt[]
}

/** As `sync`, without effects, and whatever the guards say: what they would halt is what a person wants to see. */
export async function statusRepository(
  machine: Machine,
  repository: Repository,
  options: StatusOptions,
): Promise<Status> {
  const { disk, config } = repository
  const { signal, onEvent } = options
  const policy = options.policy ?? config.conflicts ?? 'manual'
  const release = await lockRepository(machine, repository, {
    wait: options.wait,
    reading: true,
    signal,
  })
  try {
    const { world } = machine
    const state = await openState(disk, world)
    tellUnrepaired(state, onEvent)
    const within = normalizeScopes(options.paths)
    const jobs = DEFAULT_JOBS
    await using provider = options.local
      ? ABSENT_REMOTE
      : await openRemote(machine, repository, { jobs, signal, onEvent })
    const known = await readKnownPointers(disk)
    const [other, pointers] = options.local
      ? [undefined, { pointers: pointersAsKnown(known), unsafe: [] }]
      : await Promise.all([
          checkIdentity(
            {
              disk,
              state,
              world,
              ...(config.repository === undefined ? {} : { identity: config.repository }),
            },
            provider,
            { mode: 'sync', dryRun: true, allow: [], signal },
          ),
          readPointers(provider, known, jobs, signal),
        ])
    const nested = await NestedRepositories.open(
      {
        disk,
        ignore: config,
        remote: config.remote,
        overlaps: await overlapsOf(machine, repository),
      },
      {
        mode: 'sync',
        policy,
        claim: false,
        within,
        recursive: options.recursive === true,
      },
      known,
      pointers,
    )
    const habits = await probeDisk(disk, world)
    const planned = await makePlan(
      {
        disk: await believedDisk(disk, habits),
        provider,
        world,
        state,
        ignore: config,
        nestedAbove: nested.above,
        symlinks: config.symlinks ?? DEFAULT_SYMLINKS,
        folding: habits.folding,
        jobs,
        signal,
        onEvent,
        ...(options.local
          ? { remoteStream: (paths: readonly Path[]) => asBaseSays(state, paths) }
          : {}),
      },
      // All of it: whoever asks gets it as one.
      { mode: 'sync', policy, within, portion: Infinity },
    )
    if (!options.local) await refuseNowhere(disk, planned, nested.above)
    await tellLeftOut(disk, planned, within, onEvent)
    await nested.complete(planned.nested)
    await nested.settle(provider, true, signal)
    const foreseen = withoutHeldBack(withRests(planned.plan.actions), planned.plan.unbrought)
    return {
      remote: config.remote,
      actions: foreseen.actions.filter((action) => !isSilent(action)),
      conflicts: planned.plan.conflicts,
      problems: [...planned.plan.problems, ...foreseen.problems, ...nested.problems()],
      nested: nested.list(),
      // As in a run: of another remote, nothing else is asked.
      halts: other === undefined ? guardsOf(planned, within, config) : [other],
      unchanged: planned.unchanged + planned.silent + planned.plan.actions.filter(isSilent).length,
    }
  } finally {
    await release()
  }
}

/** The remote's pointers as they were seen last. */
function pointersAsKnown(known: KnownPointers): FoundPointers['pointers'] {
  return new Map(
    [...known].flatMap(([path, { pointer, version, fingerprint }]) =>
      version === undefined || fingerprint === undefined
        ? []
        : [[path, { pointer, version, fingerprint }] as const],
    ),
  )
}

/** The remote as the last agreement left it. */
async function* asBaseSays(state: State, within: readonly Path[]): SortedStream<Seen<RemoteEntry>> {
  for await (const page of state.rows(within.length === 0 ? undefined : within))
    yield page.map(({ path, entry }) => ({
      path,
      side: {
        state: 'present',
        entry: {
          key: path,
          size: entry.remote.size ?? entry.size,
          modified: 0,
          version: entry.remote.version,
          fingerprint: entry.remote.fingerprint,
          digests: {},
        },
      },
    }))
}

function notAsked(): never {
  throw new TypeError('the remote is not asked in a local status')
}

/** Stands where no remote is opened: what cannot be told without it is told as that. */
const ABSENT_REMOTE: StorageProvider = {
  guarantees: { create: 'none', replace: 'none', remove: 'none', commit: 'none', copy: 'none' },
  listsFolders: true,
  list: notAsked,
  head: notAsked,
  read: notAsked,
  write: notAsked,
  remove: notAsked,
  async [Symbol.asyncDispose]() {},
}
