import { readConfig, typedValue, type ConfigSource } from './config.ts'
import { SETTINGS, settingOf, type SettingName, type Settings } from './settings.ts'

/** What the user configured for every repository: the file, with `LSYNC_*` over it. */
export type UserSettings = Omit<Settings, 'format' | 'repository' | 'remote' | 'only'>

/** Where a setting came from: a repository's own word is trusted less (an endpoint that is to receive tokens). */
export type Origin = 'user' | 'repository' | 'environment'

export interface Effective {
  readonly settings: Settings
  readonly origin: Readonly<Partial<Record<SettingName, Origin>>>
}

const USER_FILE: ConfigSource = { file: '~/.config/lsync/config.yaml', scope: 'user' }

type Environment = Readonly<Record<string, string | undefined>>

/** `text` is that of `~/.config/lsync/config.yaml`, undefined if there is none. LsyncError `bad-configuration`, `newer-format`. */
export function loadUserConfig(text: string | undefined, environment: Environment): UserSettings {
  return { ...readUserFile(text), ...readEnvironment(environment) }
}

/** `LSYNC_MAX_DELETE=10%` for `max-delete`; lists are separated by commas. Other variables of that prefix are not ours to judge. */
export function readEnvironment(environment: Environment): UserSettings {
  const settings: Record<string, unknown> = {}
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const setting = settingOf(name)
    if (name === 'format' || !setting.scopes.includes('user')) continue
    const variable = `LSYNC_${name.replaceAll('-', '_').toUpperCase()}`
    const value = environment[variable]
    if (value === undefined || value === '') continue
    const words = setting.list === true ? value.split(',').filter((word) => word !== '') : value
    settings[name] = setting.read(typedValue(name, words, { file: variable, scope: 'user' }))
  }
  return settings
}

/** One answer for each setting: the environment over the repository over the user's file. What is ignored adds up. */
export function combineSettings(
  userText: string | undefined,
  repository: Settings,
  environment: Environment,
): Effective {
  const layers = [
    ['user', readUserFile(userText)],
    ['repository', repository],
    ['environment', readEnvironment(environment)],
  ] as const
  const ignore = layers.flatMap(([, layer]) => layer.ignore ?? [])
  const origin: Partial<Record<SettingName, Origin>> = {}
  for (const [from, layer] of layers)
    for (const name of Object.keys(layer) as SettingName[]) origin[name] = from
  const settings = Object.assign({}, ...layers.map(([, layer]) => layer)) as Settings
  return { settings: ignore.length === 0 ? settings : { ...settings, ignore }, origin }
}

function readUserFile(text: string | undefined): UserSettings {
  const { format: _format, ...settings } = text === undefined ? {} : readConfig(text, USER_FILE)
  return settings
}
