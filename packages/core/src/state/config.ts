import type { Retention } from '../decide/retention.ts'
import type { SymlinkPolicy } from '../model/entry.ts'
import { diskPath, normalizeScopes } from '../model/path.ts'
import type { ConflictPolicy, MaxDelete } from '../model/plan.ts'
import type { RemoteSettings } from '../provider/index.ts'
import { checked, refuse } from './check-config.ts'
import { parseBytes, parseMaxDelete, POLICIES } from './config-keys.ts'
import { isOfProvider, settingsForProvider, SETTINGS } from './settings.ts'

/** What `.lsync/config.yaml` says, checked. */
export interface RepositoryConfig {
  readonly remote: string
  /** The identity of the remote that this repository was made for; absent where it could not be given one. */
  readonly repository?: string
  readonly settings: RemoteSettings
  readonly conflicts?: ConflictPolicy
  readonly ignore: readonly string[]
  readonly only: readonly string[]
  readonly symlinks?: SymlinkPolicy
  readonly author?: string
  readonly maxDelete?: MaxDelete
  readonly jobs?: number
  /** How long, and how much, the trash keeps. */
  readonly trash: Partial<Retention>
}

/** What a repository and its user may both say. */
export type SharedConfig = Omit<RepositoryConfig, 'remote' | 'repository' | 'only'>

/** Where neither says anything of links. */
export const DEFAULT_SYMLINKS: SymlinkPolicy = 'skip'

/** Reads `.lsync/config.yaml`. */
export function parseConfig(source: string, file: string): RepositoryConfig {
  const { values } = checked(source, file)
  const remote = textOf(values, 'remote')
  if (remote === undefined) refuse(file, 'the key `remote` is missing')
  const repository = textOf(values, 'repository')
  const shared = readShared(values)
  return {
    remote,
    ...(repository === undefined ? {} : { repository }),
    only: normalizeScopes(textsOf(values, 'only').map(diskPath)),
    ...shared,
    settings: { ...shared.settings, ...settingsForProvider(providerSettings(values)) },
  }
}

function providerSettings(values: ReadonlyMap<string, unknown>): RemoteSettings {
  const keys = [...values.keys()].filter(isOfProvider)
  return Object.fromEntries(keys.map((key) => [key, textOf(values, key) ?? '']))
}

/** From values that were checked. */
export function readShared(values: ReadonlyMap<string, unknown>): SharedConfig {
  const settings: Record<string, string> = {}
  for (const key of Object.keys(SETTINGS)) {
    const value = textOf(values, key)
    if (value !== undefined) settings[key] = value
  }
  const author = textOf(values, 'author')
  const maxDelete = parseMaxDelete(textOf(values, 'max-delete') ?? '')
  const jobs = values.get('jobs')
  const days = values.get('trash-days')
  const bytes = parseBytes(textOf(values, 'trash-size') ?? '')
  const conflicts = POLICIES.find((policy) => policy === values.get('conflicts'))
  const symlinks = values.get('symlinks')
  return {
    settings,
    ignore: textsOf(values, 'ignore'),
    ...(conflicts === undefined ? {} : { conflicts }),
    ...(symlinks === 'skip' || symlinks === 'store' ? { symlinks } : {}),
    ...(author === undefined ? {} : { author }),
    ...(maxDelete === undefined ? {} : { maxDelete }),
    ...(typeof jobs === 'number' ? { jobs } : {}),
    trash: {
      ...(typeof days === 'number' ? { days } : {}),
      ...(bytes === undefined ? {} : { bytes }),
    },
  }
}

export function textOf(values: ReadonlyMap<string, unknown>, key: string): string | undefined {
  const value = values.get(key)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

function textsOf(values: ReadonlyMap<string, unknown>, key: string): readonly string[] {
  const value = values.get(key)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
