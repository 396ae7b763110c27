import type { ConflictPolicy } from '../model/plan.ts'

/** Everything that a configuration may say, by the names that stand in the file. What is not said is absent. */
export interface Settings {
  readonly format?: 1
  /** The identity of the remote that this repository was made for. */
  readonly repository?: string
  readonly remote?: string
  readonly profile?: string
  readonly region?: string
  readonly endpoint?: string
  readonly role?: string
  readonly 'storage-class'?: string
  readonly encryption?: string
  readonly 'encryption-key'?: string
  readonly 'path-style'?: boolean
  readonly conflicts?: ConflictPolicy
  readonly ignore?: readonly string[]
  readonly only?: readonly string[]
  readonly symlinks?: 'skip' | 'store'
  readonly author?: string
  readonly 'max-delete'?: DeleteLimit
  /** Requests in flight. */
  readonly jobs?: number
  readonly 'trash-days'?: number
  /** Bytes. */
  readonly 'trash-size'?: number
  /** Commands: only ever from the user's own configuration. */
  readonly 'merge-tool'?: string
  readonly 'diff-tool'?: string
}

export type SettingName = keyof Settings
export type DeleteLimit = { readonly count: number } | { readonly percent: number }

/** Whose file a setting may stand in. */
export type Scope = 'repository' | 'user'

export interface Setting<Value> {
  readonly scopes: readonly Scope[]
  /** What may stand there, for the message to a person. */
  readonly allowed: string
  /** The value as core uses it, or undefined if it is not allowed. Takes what YAML made of the text. */
  readonly read: (value: unknown) => Value | undefined
  /** True where the words of a person are the value, whatever YAML would make of them (`no`, `0123`). */
  readonly literal?: true
  readonly list?: true
}

const BOTH: readonly Scope[] = ['repository', 'user']
const REPOSITORY: readonly Scope[] = ['repository']
const USER: readonly Scope[] = ['user']

/** The one table of settings; `satisfies` holds it complete. */
export const SETTINGS = {
  format: { scopes: BOTH, allowed: '1', read: (value) => (value === 1 ? 1 : undefined) },
  repository: text(REPOSITORY, 'the identity of the remote, as lsync wrote it'),
  remote: address(REPOSITORY, 'a remote such as s3://bucket/prefix, without credentials in it'),
  profile: text(BOTH, 'the name of a profile of credentials'),
  region: text(BOTH, 'the name of a region'),
  endpoint: address(BOTH, 'the address of a server, without credentials in it'),
  role: text(BOTH, 'the name of a role to assume'),
  'storage-class': text(BOTH, 'a storage class of the store'),
  encryption: text(BOTH, 'a kind of encryption that the store knows'),
  'encryption-key': text(BOTH, 'the name of a key that the store keeps (never the key itself)'),
  'path-style': {
    scopes: BOTH,
    allowed: 'true or false',
    read: (value) => (typeof value === 'boolean' ? value : undefined),
  },
  conflicts: choice<ConflictPolicy>(['manual', 'keep-both', 'newest', 'local', 'remote']),
  ignore: list(BOTH),
  only: list(REPOSITORY),
  symlinks: choice<'skip' | 'store'>(['skip', 'store']),
  author: text(BOTH, 'the name that your changes carry'),
  'max-delete': {
    scopes: BOTH,
    allowed: 'a number of files (20) or a share (30%)',
    read: readDeleteLimit,
  },
  jobs: whole('a whole number from 1 to 1024', 1, 1024),
  'trash-days': whole('a whole number of days, 0 or more', 0, Number.MAX_SAFE_INTEGER),
  'trash-size': {
    scopes: BOTH,
    allowed: 'a size such as 500M or 10G',
    read: readSize,
  },
  'merge-tool': text(USER, 'a command'),
  'diff-tool': text(USER, 'a command'),
} satisfies { readonly [Name in SettingName]-?: Setting<NonNullable<Settings[Name]>> }

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name)
}

export function settingOf(name: SettingName): Setting<unknown> {
  return SETTINGS[name]
}

function text(scopes: readonly Scope[], allowed: string): Setting<string> {
  return { scopes, allowed, literal: true, read: readText }
}

/** YAML reads `0123` and `1e5` as numbers: whoever wrote such a name without quotes is told to add them. */
function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** An address with a password in it would put a secret into `.lsync`. */
function address(scopes: readonly Scope[], allowed: string): Setting<string> {
  return {
    scopes,
    allowed,
    literal: true,
    read: (value) => {
      const written = readText(value)
      return written !== undefined && /^(?:[^/]*:\/\/)?[^/]*@/.test(written) ? undefined : written
    },
  }
}

function choice<Word extends string>(words: readonly Word[]): Setting<Word> {
  return {
    scopes: BOTH,
    allowed: words.join(', '),
    literal: true,
    read: (value) => words.find((word) => word === value),
  }
}

function list(scopes: readonly Scope[]): Setting<readonly string[]> {
  return {
    scopes,
    allowed: 'a list of patterns',
    literal: true,
    list: true,
    read: (value) => {
      const items: readonly unknown[] = Array.isArray(value) ? value : [value]
      return items.every((item) => typeof item === 'string') ? items : undefined
    },
  }
}

function whole(allowed: string, least: number, most: number): Setting<number> {
  return {
    scopes: BOTH,
    allowed,
    read: (value) =>
      Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
        ? Number(value)
        : undefined,
  }
}

export function readDeleteLimit(value: unknown): DeleteLimit | undefined {
  const written = typeof value === 'number' ? String(value) : value
  if (typeof written !== 'string') return undefined
  const found = /^(\d{1,15})(?:\.\d+)?\s*(%?)$/.exec(written.trim())
  if (found === null) return undefined
  const amount = Number.parseFloat(written)
  if (found[2] === '%') return amount <= 100 ? { percent: amount } : undefined
  return Number.isInteger(amount) ? { count: amount } : undefined
}

/** `500M`, `1.5 GiB`, `1000`: units are powers of 1024, as in rclone and rsync. */
export function readSize(value: unknown): number | undefined {
  const written = typeof value === 'number' ? String(value) : value
  if (typeof written !== 'string') return undefined
  const found = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgtp]?)(?:i?b)?$/i.exec(written.trim())
  if (found === null) return undefined
  const bytes = Number(found[1]) * 1024 ** ' kmgtp'.indexOf((found[2] || ' ').toLowerCase())
  return bytes <= Number.MAX_SAFE_INTEGER ? Math.round(bytes) : undefined
}
