import type { World } from '../disk/world.ts'
import type { OnEvent } from '../model/events.ts'
import type {
  CallOptions,
  OpenOptions,
  ProviderModule,
  RemoteSettings,
  StorageProvider,
} from '../provider/index.ts'
import { DEFAULT_JOBS } from '../remote/in-flight.ts'
import { Slots } from '../remote/limiter.ts'
import { withPolicies } from '../remote/policies.ts'
import { DEFAULT_RETRY, reaching } from '../remote/retry.ts'
import { CONFIG } from '../state/layout.ts'
import { readRemoteReport } from '../state/remote-report.ts'
import { refuseUnknownSettings, settingsForProvider } from '../state/settings.ts'
import type { Machine } from './api.ts'
import { moduleFor, schemeOf } from './modules.ts'
import type { Repository } from './repository.ts'

interface Opening extends CallOptions {
  /** Requests in flight at most. */
  readonly jobs: number
  readonly onEvent: OnEvent
}

/** Opens the remote of a repository with what the last probe found, with policies around it. */
export async function openRemote(
  machine: Machine,
  repository: Repository,
  opening: Opening,
): Promise<StorageProvider> {
  const bare = await openBareRemote(machine, repository, opening)
  return limited(bare, opening.jobs, machine.world)
}

/** The same without policies: for who says how many requests there may be only once it is open. */
export async function openBareRemote(
  machine: Machine,
  { disk, config }: Repository,
  opening: Opening,
): Promise<StorageProvider> {
  const module = await moduleFor(machine, schemeOf(config.remote))
  refuseUnknownSettings(module.scheme, module.settings, config.settings, CONFIG)
  const known = await readRemoteReport(disk, config.remote)
  return open(machine, module, config.remote, {
    ...opening,
    settings: config.settings,
    ...(known === undefined ? {} : { known }),
  })
}

/** Opens a remote that a folder meets for the first time, with policies around it. */
export async function openNewRemote(
  machine: Machine,
  module: ProviderModule,
  remote: string,
  options: Omit<Opening, 'jobs'> & {
    readonly settings: RemoteSettings
    readonly create: boolean
  },
): Promise<StorageProvider> {
  const own = settingsForProvider(options.settings)
  refuseUnknownSettings(module.scheme, module.settings, own)
  const bare = await open(machine, module, remote, {
    ...options,
    jobs: DEFAULT_JOBS,
    settings: { ...machine.userConfig?.settings, ...own },
  })
  return limited(bare, DEFAULT_JOBS, machine.world)
}

function open(
  { world, environment }: Machine,
  module: ProviderModule,
  remote: string,
  { jobs, onEvent, ...options }: Opening & Pick<OpenOptions, 'settings' | 'known' | 'create'>,
): Promise<StorageProvider> {
  return reaching({ policy: DEFAULT_RETRY, world, signal: options.signal }, () =>
    module.open(remote, {
      ...options,
      environment,
      concurrency: jobs,
      onNotice: (message) => {
        onEvent({ type: 'notice', message })
      },
    }),
  )
}

function limited(provider: StorageProvider, jobs: number, world: World): StorageProvider {
  return withPolicies(provider, { retry: DEFAULT_RETRY, slots: new Slots(jobs), world })
}
