import { checked, checkValue } from './check-config.ts'
import { readShared, type RepositoryConfig, type SharedConfig, textOf } from './config.ts'
import { type Keys, KEYS, typed } from './config-keys.ts'
import { text } from './settings.ts'

/** What the user says for every repository: `~/.config/lsync/config.yaml`, with `LSYNC_*` over it. */
export interface UserConfiguration extends SharedConfig {
  /** Programs to run: only ever from here, never from a repository. */
  readonly mergeTool?: string
  readonly diffTool?: string
}

export const USER_CONFIG = '~/.config/lsync/config.yaml'

/** Everything but what makes a repository this one. */
const OF_A_REPOSITORY = new Set(['remote', 'repository', 'only'])
const USER_KEYS: Keys = {
  ...Object.fromEntries(Object.entries(KEYS).filter(([key]) => !OF_A_REPOSITORY.has(key))),
  'merge-tool': text,
  'diff-tool': text,
}

/**
 * Reads the user's configuration. `source` is the file's text, undefined if there is none. `LSYNC_MAX_DELETE=10%` stands for `max-delete: 10%`
 * and goes first; lists are separated by commas; an empty variable says nothing, and other variables of that prefix are not ours to judge.
 * LsyncError `bad-configuration` names the file or the variable.
 */
export function loadUserConfig(
  source: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): UserConfiguration {
  const { values } = checked(source ?? '', USER_CONFIG, USER_KEYS)
  for (const key of Object.keys(USER_KEYS)) {
    if (key === 'format') continue
    const variable = `LSYNC_${key.replaceAll('-', '_').toUpperCase()}`
    const value = environment[variable]
    if (value !== undefined && value !== '')
      values.set(key, checkValue({ file: variable }, USER_KEYS, key, typed(key, value)))
  }
  const mergeTool = textOf(values, 'merge-tool')
  const diffTool = textOf(values, 'diff-tool')
  return {
    ...readShared(values),
    ...(mergeTool === undefined ? {} : { mergeTool }),
    ...(diffTool === undefined ? {} : { diffTool }),
  }
}

/** A repository's configuration with the user's underneath; ignore rules add up. */
export function withUserConfig(
  own: RepositoryConfig,
  user: UserConfiguration | undefined,
): RepositoryConfig {
  if (user === undefined) return own
  const { conflicts, symlinks, author, maxDelete, jobs } = user
  return {
    ...(conflicts === undefined ? {} : { conflicts }),
    ...(symlinks === undefined ? {} : { symlinks }),
    ...(author === undefined ? {} : { author }),
    ...(maxDelete === undefined ? {} : { maxDelete }),
    ...(jobs === undefined ? {} : { jobs }),
    ...own,
    settings: { ...user.settings, ...own.settings },
    ignore: [...user.ignore, ...own.ignore],
    trash: { ...user.trash, ...own.trash },
  }
}
