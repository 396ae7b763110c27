import { LsyncError } from '../model/errors.ts'
import type { RemoteSettings } from '../provider/index.ts'

/** What would be allowed, if the value is not. */
export type Check = (value: unknown) => string | undefined
export const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a text'
export const flag: Check = (value) =>
  ['true', 'false'].includes(String(value)) ? undefined : 'true or false'

/** An address may hold a path with an @ in it, but nobody's name and password before the server's. */
export const address: Check = (value) =>
  typeof value === 'string' && value !== '' && !CREDENTIALS.test(value)
    ? undefined
    : 'an address without credentials in it'
const CREDENTIALS = /^(?:[^/]*:\/\/)?[^/]*@/

/** Of a server. A bare name is none: whoever takes it for a host looks for it, and finds out by waiting. */
const webAddress: Check = (value) =>
  address(value) === undefined && /^https?:$/.test(URL.parse(String(value))?.protocol ?? '')
    ? undefined
    : 'a web address like https://host, without credentials in it'

/** Settings that go to the provider as they are. */
export const SETTINGS: Readonly<Record<string, Check>> = {
  profile: text,
  region: text,
  endpoint: address,
  role: text,
  'storage-class': text,
  encryption: text,
  'encryption-key': text,
  'path-style': flag,
}

/** What a command takes is less than what may stand in a file since long ago. */
export const FROM_COMMANDS: Readonly<Record<string, Check>> = { endpoint: webAddress }

/** Settings that a provider knows and this table does not stand under this, each a text: `provider.key-file`. */
const OF_PROVIDER = 'provider.'

export function isOfProvider(name: string): boolean {
  return /^provider\.[a-z][a-z0-9-]*$/.test(name) && !Object.hasOwn(SETTINGS, nameOf(name))
}

const nameOf = (key: string): string =>
  key.startsWith(OF_PROVIDER) ? key.slice(OF_PROVIDER.length) : key

/** Of the settings of a repository those that are for the provider. */
export function ofRemote(settings: RemoteSettings): RemoteSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => Object.hasOwn(SETTINGS, key) || isOfProvider(key)),
  )
}

/** As the provider gets them: its own names without what they stand under. */
export function settingsForProvider(settings: RemoteSettings): RemoteSettings {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [nameOf(key), value]))
}

/** LsyncError `bad-configuration` for a setting that stands under `provider.` and is not known to this one. `file`: where it stands, if in one. */
export function refuseUnknownSettings(
  scheme: string,
  known: Readonly<Record<string, string>>,
  settings: RemoteSettings,
  file?: string,
): void {
  for (const name of Object.keys(settings)) {
    if (Object.hasOwn(SETTINGS, name) || Object.hasOwn(known, name)) continue
    const own = Object.keys(known).filter((one) => !Object.hasOwn(SETTINGS, one))
    const has =
      own.length === 0 ? 'none of its own' : own.map((one) => OF_PROVIDER + one).join(', ')
    const reason = `${OF_PROVIDER}${name}: ${scheme}:// has no such setting (it has ${has})`
    throw new LsyncError('bad-configuration', reason, {
      ...(file === undefined ? {} : { file }),
      reason,
    })
  }
}

/** Where a person writes a setting that a provider names. */
export function keyOfSetting(name: string): string {
  return Object.hasOwn(SETTINGS, name) ? name : OF_PROVIDER + name
}

/** What says where a remote is, rather than who asks: it may be told to others, and taken from them once a person has seen it. */
const SHARED_SETTINGS = ['region', 'endpoint', 'path-style']

export function isSharedSetting(key: string, value: unknown): boolean {
  return SHARED_SETTINGS.includes(key) && SETTINGS[key]?.(value) === undefined
}

/** An address that somebody else wrote: with a scheme, without credentials, and nothing that is no text. */
export function isSafeAddress(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= LONGEST_ADDRESS &&
    /^[a-z][a-z0-9+.-]*:/.test(value) &&
    !/\p{Cc}/u.test(value) &&
    address(value) === undefined
  )
}

const LONGEST_ADDRESS = 2000
