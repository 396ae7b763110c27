import { isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml'
import { LsyncError } from '../model/errors.ts'
import { checkKey, diskPath, normalizeScopes } from '../model/path.ts'
import type { Retention } from '../decide/retention.ts'
import type { ConflictPolicy } from '../model/plan.ts'
import type { RemoteSettings } from '../provider/index.ts'
import {
  address,
  type Check,
  isOfProvider,
  settingsForProvider,
  SETTINGS,
  text,
} from './settings.ts'

/** The format of `.lsync/config.yaml`. A newer one is refused. */
const CONFIG_FORMAT = 1

/** What `.lsync/config.yaml` says, checked. */
export interface RepositoryConfig {
  readonly remote: string
  /** The identity of the remote that this repository was made for; absent where it could not be given one. */
  readonly repository?: string
  readonly settings: RemoteSettings
  readonly conflicts?: ConflictPolicy
  readonly ignore: readonly string[]
  readonly only: readonly string[]
  readonly symlinks: 'skip' | 'store'
  readonly author?: string
  readonly maxDelete?: { readonly count: number } | { readonly percent: number }
  readonly jobs?: number
  /** How long, and how much, the trash keeps. */
  readonly trash: Partial<Retention>
}

export type Keys = Readonly<Record<string, Check>>

const POLICIES: readonly ConflictPolicy[] = ['manual', 'keep-both', 'newest', 'local', 'remote']
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    allowed.includes(String(value)) ? undefined : `one of ${allowed.join(', ')}`
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : 'a list of texts'
const paths: Check = (value) =>
  Array.isArray(value) &&
  value.every((item) => typeof item === 'string' && checkKey(item) === undefined)
    ? undefined
    : 'a list of paths in the repository, like docs or src/lib'
const positive: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : 'a whole number above 0'
const numberOrShare: Check = (value) =>
  /^(\d{1,12}|(100|\d{1,2})%)$/.test(String(value))
    ? undefined
    : 'a number, or a percentage like 50%'
const amount: Check = (value) =>
  parseBytes(String(value)) === undefined ? 'an amount like 500M or 10G' : undefined

export const KEYS: Keys = {
  format: positive,
  remote: address,
  repository: text,
  ...SETTINGS,
  conflicts: oneOf(...POLICIES),
  ignore: texts,
  only: paths,
  symlinks: oneOf('skip', 'store'),
  author: text,
  'max-delete': numberOrShare,
  jobs: positive,
  'trash-days': positive,
  'trash-size': amount,
}

export const CONFIG_KEYS: readonly string[] = Object.keys(KEYS)
const LISTS = new Set(['ignore', 'only'])
const NUMBERS = new Set(['jobs', 'trash-days', 'max-delete'])
const FLAGS = new Set(['path-style'])

/** Keys that people try, with the place where they belong. Asked before anything else: no prefix makes a secret welcome. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [
    /secret|access-?key|password|token/i,
    'Secrets never stand in .lsync: put them where the provider looks for them (environment or its own profile files).',
  ],
  [/^(merge|diff)-?tool$/i, "Programs to run come from the user's own configuration only."],
]

function refuse(file: string, message: string, line?: number): never {
  throw new LsyncError(
    'bad-configuration',
    line === undefined ? message : `line ${line}: ${message}`,
    {
      file,
      ...(line === undefined ? {} : { line }),
      reason: message,
    },
  )
}

/** The entries of a configuration text, each checked. LsyncError `bad-configuration` names the line and what is allowed. */
export function checked(
  source: string,
  file: string,
  keys: Keys = KEYS,
): { document: Document; values: Map<string, unknown> } {
  const document = parseDocument(source, { prettyErrors: true })
  const lineOf = (offset: number | undefined): number =>
    source.slice(0, offset ?? 0).split('\n').length
  const [error] = document.errors
  if (error !== undefined)
    refuse(
      file,
      error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? 'no YAML',
      lineOf(error.pos[0]),
    )
  const values = new Map<string, unknown>()
  if (document.contents === null) return { document, values }
  if (!isMap(document.contents)) refuse(file, 'expected lines of the form `key: value`')
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const line = lineOf(isScalar(key) ? key.range?.[0] : undefined)
    const plain: unknown = isScalar(value) ? value.value : isSeq(value) ? value.toJSON() : value
    // `ignore:` with all its lines commented out says nothing.
    if (plain === null && Object.hasOwn(keys, name)) continue
    values.set(name, checkValue(file, keys, name, plain, line))
  }
  const format = values.get('format')
  if (typeof format === 'number' && format > CONFIG_FORMAT)
    throw new LsyncError('newer-format', `the configuration has format ${format}`, {
      what: file,
      format,
      known: CONFIG_FORMAT,
    })
  return { document, values }
}

export function checkValue(
  file: string,
  keys: Keys,
  name: string,
  value: unknown,
  line?: number,
): unknown {
  // Of a repository only: what one provider knows makes no sense to the next one.
  const ofProvider = Object.hasOwn(keys, 'remote') && isOfProvider(name)
  const check = Object.hasOwn(keys, name) ? keys[name] : ofProvider ? text : undefined
  if (check === undefined || ofProvider) {
    const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(name))?.[1]
    if (elsewhere !== undefined) refuse(file, `${name}: ${elsewhere}`, line)
    if (name.startsWith('x-')) return value
    if (check === undefined)
      refuse(file, `there is no key ${JSON.stringify(name)}${suggestion(name, keys)}`, line)
  }
  const wanted = check(value)
  if (wanted !== undefined) {
    // What stands in an address may be a password: it is not repeated.
    const found = check === address ? '' : `, not ${JSON.stringify(value)}`
    refuse(file, `${name}: expected ${wanted}${found}`, line)
  }
  return value
}

function suggestion(name: string, keys: Keys): string {
  const near = Object.keys(keys)
    .map((key) => ({
      key,
      distance: editDistance(name.toLowerCase(), key),
    }))
    .toSorted((a, b) => a.distance - b.distance)[0]
  return near !== undefined && near.distance <= 2 ? `; did you mean ${near.key}?` : ''
}

/** Levenshtein's, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (next[j - 1] ?? 0) + 1,
          (row[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] ?? 0
}

/** What a repository and its user may both say. */
export type SharedConfig = Omit<RepositoryConfig, 'remote' | 'repository' | 'only' | 'symlinks'> & {
  readonly symlinks?: RepositoryConfig['symlinks']
}

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
    symlinks: 'skip',
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
  const maxDelete = textOf(values, 'max-delete')
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
    ...(maxDelete === undefined ? {} : { maxDelete: parseMaxDelete(maxDelete) }),
    ...(typeof jobs === 'number' ? { jobs } : {}),
    trash: {
      ...(typeof days === 'number' ? { days } : {}),
      ...(bytes === undefined ? {} : { bytes }),
    },
  }
}

/** `500M`, `10G`, `1.5 TB` as bytes, in powers of 1024; undefined if it is nothing of that. */
export function parseBytes(value: string): number | undefined {
  const [, number, unit = ''] =
    /^(\d{1,15}(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(value.trim()) ?? []
  return number === undefined
    ? undefined
    : Math.round(Number(number) * 1024 ** ['', 'k', 'm', 'g', 't', 'p'].indexOf(unit.toLowerCase()))
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

/** `5` or `50%`, as in the configuration and on the command line. Undefined-free: the caller has checked the form. */
export function parseMaxDelete(
  value: string,
): { readonly count: number } | { readonly percent: number } {
  return value.endsWith('%') ? { percent: Number(value.slice(0, -1)) } : { count: Number(value) }
}

/** The text of a new configuration. */
export function newConfig(facts: {
  readonly remote: string
  readonly repository: string | undefined
  readonly settings: RemoteSettings
}): string {
  const document = parseDocument(
    `# What this folder syncs with, and how. Edit it, or use: lsync config set KEY VALUE\nformat: ${CONFIG_FORMAT}\n`,
  )
  document.set('remote', facts.remote)
  if (facts.repository !== undefined) document.set('repository', facts.repository)
  for (const [key, value] of Object.entries(facts.settings)) document.set(key, value)
  return print(document)
}

/** All keys that are set, in order, with their values as text. */
export function listConfig(source: string, file: string): readonly (readonly [string, string])[] {
  return [...checked(source, file).values].map(([key, value]) => [key, asText(value)] as const)
}

function asText(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value)
}

/** Sets a key; comments and order survive. A list takes values separated by commas. */
export function setInConfig(source: string, file: string, key: string, value: string): string {
  const { document } = checked(source, file)
  if (key === 'format') refuse(file, 'format is kept by lsync itself')
  document.set(key, checkValue(file, KEYS, key, typed(key, value)))
  return print(document)
}

/** The words of a person as the file is to hold them: a name that looks like a number stays a name. */
export function typed(key: string, value: string): unknown {
  if (LISTS.has(key))
    return value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  if (NUMBERS.has(key) && /^\d+$/.test(value)) return Number(value)
  return FLAGS.has(key) && ['true', 'false'].includes(value) ? value === 'true' : value
}

function print(document: Document): string {
  // No folding: a line that a person wrote stays a line.
  return document.toString({ lineWidth: 0 })
}

export function unsetInConfig(source: string, file: string, key: string): string {
  const { document } = checked(source, file)
  if (key === 'remote' || key === 'format')
    refuse(file, `${key} cannot be unset: a repository needs it`)
  if (!document.delete(key)) refuse(file, `${key} is not set`)
  return print(document)
}
