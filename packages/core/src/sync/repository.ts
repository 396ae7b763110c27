import { DEFAULT_RETENTION } from '../decide/retention.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import type { Path } from '../model/entry.ts'
import { type ProbeReport, type RemoteSettings, type StorageProvider } from '../provider/index.ts'
import { DEFAULT_RETRY, retrying } from '../remote/retry.ts'
import { DEFAULT_SYMLINKS, parseConfig, type RepositoryConfig } from '../state/config.ts'
import { newConfig } from '../state/edit-config.ts'
import { CONFIG, LSYNC, STAGING } from '../state/layout.ts'
import { takeLock } from '../state/lock.ts'
import { openState } from '../state/open-state.ts'
import { readRemoteReport, writeRemoteReport } from '../state/remote-report.ts'
import { refuseUnknownSettings } from '../state/settings.ts'
import { withUserConfig } from '../state/user-config.ts'
import type { Machine, RunOptions, RunReport } from './api.ts'
import { readIdentity } from './identity.ts'
import { moduleFor, schemeOf } from './modules.ts'
import { overlapsOf } from './nested-remote.ts'
import { makeOurs, openNewRemote, openOptions, refuseOverlaps } from './new-remote.ts'
import { inFlightFor, MOST_JOBS } from '../remote/in-flight.ts'
import { sync } from './sync.ts'

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
  const { folder, settings, signal, onEvent } = options
  if (folder.split('/').some((segment) => segment === LSYNC))
    throw new LsyncError('inside-lsync', `${folder} is inside a ${LSYNC} folder`, { folder })
  const scheme = schemeOf(options.remote)
  const module = await moduleFor(machine, scheme)
  const remote = module.normalize(options.remote, { folder })
  const disk = machine.openDisk(folder)
  if ((await disk.stat(CONFIG)) !== undefined)
    throw new LsyncError('already-a-repository', `${folder} is a repository already`, { folder })
  const above = await refuseOverlaps(machine, module, { folder, remote, settings })
  onEvent({ type: 'phase', phase: 'opening' })
  await using provider = await openNewRemote(machine, module, remote, {
    settings,
    signal,
    onEvent,
    create: true,
  })
  const known = await readIdentity(provider, signal)
  if (options.identity !== undefined && known?.id !== options.identity)
    throw new LsyncError('other-repository', `${remote} is not the repository that was named`, {
      remote,
    })
  const { id, report } = await makeOurs(machine, provider, known?.id, { signal, onEvent })
  for (const path of [LSYNC, STAGING])
    if ((await disk.stat(path)) === undefined) await disk.makeFolder(path)
  if (report !== undefined) await writeRemoteReport(disk, remote, machine.world.now(), report)
  // Last: a folder is a repository from the moment its configuration is there.
  await disk.replaceText(CONFIG, newConfig({ remote, repository: id, settings }))
  return { root: folder, remote, report, id, within: above }
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
    const asked = options.jobs ?? config.jobs
    await using provider = await openRemote(
      machine,
      repository,
      asked ?? MOST_JOBS,
      options.signal,
      options.onEvent,
    )
    const { all: jobs, writes } =
      asked === undefined ? inFlightFor(provider.quickest) : { all: asked, writes: asked }
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
        retention: { ...DEFAULT_RETENTION, ...config.trash },
        ignore: config,
        overlaps: await overlapsOf(machine, repository),
        symlinks: config.symlinks ?? DEFAULT_SYMLINKS,
        writes,
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
  refuseUnknownSettings(module.scheme, module.settings, config.settings, CONFIG)
  const known = await readRemoteReport(disk, config.remote)
  return retrying(DEFAULT_RETRY, machine.world, signal, () =>
    module.open(config.remote, {
      ...openOptions(machine, config.settings, jobs, signal, onEvent),
      ...(known === undefined ? {} : { known }),
    }),
  )
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
