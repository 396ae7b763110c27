import { type Disk, DiskError } from '../disk/disk.ts'
import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import type { Path } from '../model/entry.ts'
import {
  isStorageError,
  type ProbeReport,
  type RemoteSettings,
  type StorageProvider,
} from '../provider/index.ts'
import { Slots } from '../remote/limiter.ts'
import { withPolicies } from '../remote/policies.ts'
import { DEFAULT_RETRY, retrying } from '../remote/retry.ts'
import { newConfig, parseConfig, type RepositoryConfig } from '../state/config.ts'
import { CONFIG, LSYNC, SCRATCH_PREFIX, STAGING } from '../state/layout.ts'
import { takeLock } from '../state/lock.ts'
import { openState } from '../state/open-state.ts'
import { readRemoteReport, writeRemoteReport } from '../state/remote-report.ts'
import { withUserConfig } from '../state/user-config.ts'
import type { Machine, RunOptions, RunReport } from './api.ts'
import { claimIdentity, readIdentity } from './identity.ts'
import { moduleFor, schemeOf } from './modules.ts'
import { overlapsOf, repositoriesAbove } from './nested-remote.ts'
import { DEFAULT_JOBS, sync } from './sync.ts'

/** A folder that is a repository, with its configuration read. */
export interface Repository {
  /** Absolute. */
  readonly root: string
  readonly disk: Disk
  readonly config: RepositoryConfig
}

export interface InitOptions {
  /** Absolute; made if it is not there. */
  readonly folder: string
  /** The remote as the person wrote it, with a scheme. */
  readonly remote: string
  readonly settings: RemoteSettings
  /** The identity that the remote must have, where somebody else named the remote. Nothing is written to another one. */
  readonly identity?: string
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

export interface Initialized {
  readonly root: string
  readonly remote: string
  readonly report: ProbeReport | undefined
  /** Absent where the remote could not be given an identity: then it can only be pulled from. */
  readonly id: string | undefined
  /** The repository that it lies in, absolute: that one leaves it alone from now on. */
  readonly within: string | undefined
}

/** Makes a folder a repository for a remote. Files that are there are not touched. */
export async function initRepository(machine: Machine, options: InitOptions): Promise<Initialized> {
  const { folder, signal, onEvent } = options
  if (folder.split('/').some((segment) => segment === LSYNC))
    throw new LsyncError('inside-lsync', `${folder} is inside a ${LSYNC} folder`, { folder })
  const scheme = schemeOf(options.remote)
  const module = await moduleFor(machine, scheme)
  const remote = module.normalize(options.remote, { folder })
  const remoteFolder = module.localFolder?.(remote)
  if (
    remoteFolder !== undefined &&
    (contains(folder, remoteFolder) || contains(remoteFolder, folder))
  )
    throw new LsyncError('overlap', `${folder} and ${remoteFolder} contain each other`, {
      folder,
      remote,
    })

  const disk = machine.openDisk(folder)
  if ((await disk.stat(CONFIG)) !== undefined)
    throw new LsyncError('already-a-repository', `${folder} is a repository already`, { folder })
  const above = await repositoriesAbove(machine, folder)
  for (const outer of above) {
    const overlaps = await overlapsOf(machine, outer)
    if (overlaps({ remote, settings: options.settings }))
      throw new LsyncError('remote-overlap', `${remote} and ${outer.config.remote} overlap`, {
        remote,
        outer: outer.root,
        theirs: outer.config.remote,
      })
  }
  onEvent({ type: 'phase', phase: 'opening' })
  await using opened = await retrying(DEFAULT_RETRY, machine.world, signal, () =>
    module.open(remote, {
      ...openOptions(
        machine,
        { ...machine.userConfig?.settings, ...options.settings },
        DEFAULT_JOBS,
        signal,
        onEvent,
      ),
      create: true,
    }),
  )
  const provider = withPolicies(opened, {
    retry: DEFAULT_RETRY,
    slots: new Slots(DEFAULT_JOBS),
    world: machine.world,
  })
  const known = await readIdentity(provider, signal)
  if (options.identity !== undefined && known?.id !== options.identity)
    throw new LsyncError('other-repository', `${remote} is not the repository that was named`, {
      remote,
    })
  let id = known?.id
  let report: ProbeReport | undefined
  try {
    report = await provider.probe?.({
      signal,
      scratch: `${SCRATCH_PREFIX}${machine.world.token()}/`,
    })
    id ??= (await claimIdentity(provider, machine.world.token(), machine.world.now(), signal)).id
  } catch (error) {
    // Credentials that may only read are good enough for a clone that only pulls.
    if (!isStorageError(error) || error.code !== 'forbidden') throw error
    onEvent({
      type: 'notice',
      message: 'the remote may be read but not written: this repository can only pull',
    })
  }
  for (const path of [LSYNC, STAGING])
    if ((await disk.stat(path)) === undefined) await disk.makeFolder(path)
  if (report !== undefined) await writeRemoteReport(disk, remote, machine.world.now(), report)
  // Last: a folder is a repository from the moment its configuration is there.
  await disk.replaceText(CONFIG, newConfig({ remote, repository: id, settings: options.settings }))
  return { root: folder, remote, report, id, within: above[0]?.root }
}

/** Finds the repository that a folder is in, upwards. LsyncError `not-a-repository`. */
export async function openRepository(machine: Machine, start: string): Promise<Repository> {
  const segments = start.split('/')
  const inside = segments.indexOf(LSYNC)
  const from = inside < 0 ? segments : segments.slice(0, inside)
  for (let length = from.length; length > 0; length--) {
    const root = from.slice(0, length).join('/') || '/'
    const disk = machine.openDisk(root)
    const text = await disk.readText(CONFIG).catch((error: unknown) => {
      throw new LsyncError(
        'disk',
        `${root}/${CONFIG} cannot be read`,
        {
          path: `${root}/${CONFIG}`,
          ...(error instanceof DiskError ? { reason: error.message } : {}),
        },
        error,
      )
    })
    if (text !== undefined)
      return { root, disk, config: withUserConfig(parseConfig(text, CONFIG), machine.userConfig) }
  }
  throw new LsyncError('not-a-repository', `${start} is not in a repository`, { folder: start })
}

/** One run of sync, pull or push: takes the lock, opens the remote, runs, lets go. */
export async function syncRepository(
  machine: Machine,
  repository: Repository,
  options: RunOptions,
): Promise<RunReport> {
  const { disk, config } = repository
  const release = await lockRepository(machine, repository, options.wait ?? 0, options.signal)
  try {
    const state = await openState(disk, machine.world)
    options.onEvent({ type: 'phase', phase: 'opening' })
    const jobs = options.jobs ?? config.jobs ?? DEFAULT_JOBS
    await using provider = await openRemote(
      machine,
      repository,
      jobs,
      options.signal,
      options.onEvent,
    )
    return await sync(
      {
        disk,
        provider,
        world: machine.world,
        state,
        author: config.author ?? machine.author,
        remote: config.remote,
        ...(config.repository === undefined ? {} : { identity: config.repository }),
        policy: config.conflicts ?? 'manual',
        ignore: config,
        overlaps: await overlapsOf(machine, repository),
        symlinks: config.symlinks,
      },
      {
        ...options,
        jobs,
        ...(options.maxDelete === undefined && config.maxDelete !== undefined
          ? { maxDelete: config.maxDelete }
          : {}),
      },
    )
  } finally {
    await release()
  }
}

export function lockRepository(
  machine: Machine,
  { disk }: Repository,
  wait: number,
  signal: AbortSignal,
  { reading = false } = {},
): Promise<() => Promise<void>> {
  const { world, process: self, isAlive } = machine
  return takeLock(disk, world, { self, isAlive, wait, signal, reading })
}

/** Opens the remote of a repository with what the last probe found. */
export async function openRemote(
  machine: Machine,
  { disk, config }: Repository,
  jobs: number,
  signal: AbortSignal,
  onEvent: OnEvent,
): Promise<StorageProvider> {
  const module = await moduleFor(machine, schemeOf(config.remote))
  const known = await readRemoteReport(disk, config.remote)
  return retrying(DEFAULT_RETRY, machine.world, signal, () =>
    module.open(config.remote, {
      ...openOptions(machine, config.settings, jobs, signal, onEvent),
      ...(known === undefined ? {} : { known }),
    }),
  )
}

function openOptions(
  { environment }: Machine,
  settings: RemoteSettings,
  concurrency: number,
  signal: AbortSignal,
  onEvent: OnEvent,
) {
  return {
    signal,
    settings,
    environment,
    concurrency,
    onNotice: (message: string) => {
      onEvent({ type: 'notice', message })
    },
  }
}

/** True if `inner` is `outer` or lies in it. Absolute paths without trailing slash. */
function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)
}

/** The repository's path of an absolute one; LsyncError `outside-repository`. */
export function pathInRepository({ root }: Repository, absolute: string): Path {
  if (absolute === root) return ''
  const prefix = root === '/' ? '/' : `${root}/`
  if (!absolute.startsWith(prefix))
    throw new LsyncError('outside-repository', `${absolute} is not in ${root}`, {
      path: absolute,
      root,
    })
  const path = absolute.slice(prefix.length)
  if (path === LSYNC || path.startsWith(`${LSYNC}/`))
    throw new LsyncError('inside-lsync', `${absolute} is inside ${LSYNC}`, { folder: absolute })
  return path
}
