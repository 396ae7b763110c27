import { isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml'
import { LsyncError } from '../model/errors.ts'
import type { ConflictPolicy } from '../model/plan.ts'
import type { RemoteSettings } from '../provider/index.ts'

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
}

type Check = (value: unknown) => string | undefined

const POLICIES = ['manual', 'keep-both', 'newest', 'local', 'remote']
const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a text')
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    allowed.includes(String(value)) ? undefined : `one of ${allowed.join(', ')}`
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : 'a list of texts'
const positive: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : 'a whole number above 0'
const numberOrShare: Check = (value) =>
  /^\d+%?$/.test(String(value)) ? undefined : 'a number, or a percentage like 50%'
const flag: Check = (value) =>
  ['true', 'false'].includes(String(value)) ? undefined : 'true or false'

/** Settings that go to the provider as they are. */
const SETTINGS: Readonly<Record<string, Check>> = {
  profile: text,
  region: text,
  endpoint: text,
  role: text,
  'storage-class': text,
  encryption: text,
  'encryption-key': text,
  'path-style': flag,
}

const KEYS: Readonly<Record<string, Check>> = {
  format: positive,
  remote: text,
  repository: text,
  ...SETTINGS,
  conflicts: oneOf(...POLICIES),
  ignore: texts,
  only: texts,
  symlinks: oneOf('skip', 'store'),
  author: text,
  'max-delete': numberOrShare,
  jobs: positive,
  'trash-days': positive,
  'trash-size': text,
}

export const CONFIG_KEYS: readonly string[] = Object.keys(KEYS)
const LISTS = new Set(['ignore', 'only'])

/** Keys that people try, with the place where they belong. */
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
function checked(
  source: string,
  file: string,
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
    values.set(name, checkValue(file, name, plain, line))
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

function checkValue(file: string, name: string, value: unknown, line?: number): unknown {
  if (name.startsWith('x-')) return value
  const check = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined
  if (check === undefined) {
    const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(name))?.[1]
    refuse(
      file,
      elsewhere === undefined
        ? `there is no key ${JSON.stringify(name)}${suggestion(name)}`
        : `${name}: ${elsewhere}`,
      line,
    )
  }
  const wanted = check(value)
  if (wanted !== undefined)
    refuse(file, `${name}: expected ${wanted}, not ${JSON.stringify(value)}`, line)
  return value
}

function suggestion(name: string): string {
  const near = CONFIG_KEYS.map((key) => ({
    key,
    distance: editDistance(name.toLowerCase(), key),
  })).toSorted((a, b) => a.distance - b.distance)[0]
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

/** Reads `.lsync/config.yaml`. */
export function parseConfig(source: string, file: string): RepositoryConfig {
  const { values } = checked(source, file)
  const remote = values.get('remote')
  if (typeof remote !== 'string') refuse(file, 'the key `remote` is missing')
  const textOf = (key: string): string | undefined => {
    const value = values.get(key)
    return value === undefined ? undefined : String(value)
  }
  const settings: Record<string, string> = {}
  for (const key of Object.keys(SETTINGS)) {
    const value = textOf(key)
    if (value !== undefined) settings[key] = value
  }
  const repository = textOf('repository')
  const author = textOf('author')
  const maxDelete = textOf('max-delete')
  const jobs = values.get('jobs')
  const conflicts = textOf('conflicts')
  return {
    remote,
    ...(repository === undefined ? {} : { repository }),
    settings,
    ...(conflicts === undefined ? {} : { conflicts: conflicts as ConflictPolicy }),
    ignore: (values.get('ignore') ?? []) as string[],
    only: (values.get('only') ?? []) as string[],
    symlinks: textOf('symlinks') === 'store' ? 'store' : 'skip',
    ...(author === undefined ? {} : { author }),
    ...(maxDelete === undefined ? {} : { maxDelete: parseMaxDelete(maxDelete) }),
    ...(typeof jobs === 'number' ? { jobs } : {}),
  }
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
  return document.toString()
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
  const typed: unknown = LISTS.has(key)
    ? value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    : /^\d+$/.test(value)
      ? Number(value)
      : value
  checkValue(file, key, typed)
  document.set(key, typed)
  return document.toString()
}

export function unsetInConfig(source: string, file: string, key: string): string {
  const { document } = checked(source, file)
  if (key === 'remote' || key === 'format')
    refuse(file, `${key} cannot be unset: a repository needs it`)
  if (!document.delete(key)) refuse(file, `${key} is not set`)
  return document.toString()
}
