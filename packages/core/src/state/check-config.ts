import { isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml'
import { closest } from '../model/closest.ts'
import { LsyncError } from '../model/errors.ts'
import { type Keys, KEYS } from './config-keys.ts'
import { address, FROM_COMMANDS, isOfProvider, text } from './settings.ts'

/** The format of `.lsync/config.yaml`. A newer one is refused. */
export const CONFIG_FORMAT = 1

/** Keys that people try, with the place where they belong. Asked before anything else: no prefix makes a secret welcome. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [
    /secret|access-?key|password|token/i,
    'Secrets never stand in .lsync: put them where the provider looks for them (environment or its own profile files).',
  ],
  [/^(merge|diff)-?tool$/i, "Programs to run come from the user's own configuration only."],
]

/** Without a file where the mistake stands in none, but was given with the command. */
export function refuse(file: string | undefined, message: string, line?: number): never {
  throw new LsyncError(
    'bad-configuration',
    line === undefined ? message : `line ${line}: ${message}`,
    {
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      reason: message,
    },
  )
}

/** The entries of a configuration text, each checked. LsyncError `newer-format`, or `bad-configuration`, which names the line and what is allowed. */
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
  // Before the keys: that one of them is new is no mistake then.
  refuseNewer(file, document.get('format'))
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const line = lineOf(isScalar(key) ? key.range?.[0] : undefined)
    const plain: unknown = isScalar(value) ? value.value : isSeq(value) ? value.toJSON() : value
    // `ignore:` with all its lines commented out says nothing.
    if (plain === null && Object.hasOwn(keys, name)) continue
    values.set(name, checkValue({ file, line }, keys, name, plain))
  }
  return { document, values }
}

function refuseNewer(file: string, format: unknown): void {
  if (typeof format !== 'number' || !Number.isInteger(format) || format <= CONFIG_FORMAT) return
  throw new LsyncError('newer-format', `the configuration has format ${format}`, {
    what: file,
    format,
    known: CONFIG_FORMAT,
  })
}

/**
 * @param where the value stands; nothing of it for one that was given with the command
 * @returns the value, if it is one for this key. LsyncError `bad-configuration`
 */
export function checkValue(
  { file, line }: { readonly file?: string; readonly line?: number },
  keys: Keys,
  name: string,
  value: unknown,
): unknown {
  // Of a repository only: what one provider knows makes no sense to the next one.
  const ofProvider = Object.hasOwn(keys, 'remote') && isOfProvider(name)
  const check = Object.hasOwn(keys, name) ? keys[name] : ofProvider ? text : undefined
  if (check === undefined || ofProvider) {
    const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(name))?.[1]
    if (elsewhere !== undefined) refuse(file, `${name}: ${elsewhere}`, line)
    if (name.startsWith('x-')) return value
    if (check === undefined)
      refuse(file, `there is no key ${JSON.stringify(name)}; ${suggestion(name, keys)}`, line)
  }
  const given = file === undefined ? FROM_COMMANDS[name] : undefined
  const wanted = (given ?? check)(value)
  if (wanted !== undefined) {
    // What stands in an address may be a password: it is not repeated.
    const found = check === address ? '' : `, not ${JSON.stringify(value)}`
    refuse(file, `${name}: expected ${wanted}${found}`, line)
  }
  return value
}

/** LsyncError `bad-configuration` for a name that no setting can have. */
export function refuseUnknownKey(name: string): void {
  if (Object.hasOwn(KEYS, name) || isOfProvider(name) || name.startsWith('x-')) return
  refuse(undefined, `there is no key ${JSON.stringify(name)}; ${suggestion(name, KEYS)}`)
}

function suggestion(name: string, keys: Keys): string {
  const names = Object.keys(keys)
  const word = name.toLowerCase()
  // Two slips make one short name of another; hardly ever is the first letter among them.
  const alike = names.filter((key) => key.startsWith(word.slice(0, 1)))
  const near = closest(word, names, 1) ?? closest(word, alike, 2)
  return near === undefined
    ? `there are ${names.filter((key) => key !== 'format').join(', ')}`
    : `did you mean ${near}?`
}
