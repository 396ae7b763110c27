import { costOf } from '../decide/rule-cost.ts'
import { checkKey } from '../model/path.ts'
import type { ConflictPolicy, MaxDelete } from '../model/plan.ts'
import { address, type Check, SETTINGS, text } from './settings.ts'

export type Keys = Readonly<Record<string, Check>>

/** So many requests in flight at most: more of them wait for each other, whatever the line and the store. */
const MOST_JOBS = 1024

export const POLICIES: readonly ConflictPolicy[] = [
  'manual',
  'keep-both',
  'newest',
  'local',
  'remote',
]
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    allowed.includes(String(value)) ? undefined : `one of ${allowed.join(', ')}`
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : 'a list of texts'
const rules: Check = (value) => {
  const wanted = texts(value)
  if (wanted !== undefined || !Array.isArray(value)) return wanted
  const cost = costOf(value.map(String))
  return typeof cost === 'number' ? undefined : `rules of which none ${cost.reason}`
}
const paths: Check = (value) =>
  Array.isArray(value) &&
  value.every((item) => typeof item === 'string' && checkKey(item) === undefined)
    ? undefined
    : 'a list of paths in the repository, like docs or src/lib'
const positive: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : 'a whole number above 0'
const requests: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST_JOBS
    ? undefined
    : `a whole number from 1 to ${MOST_JOBS}`
const numberOrShare: Check = (value) =>
  parseMaxDelete(String(value)) === undefined ? 'a number, or a percentage like 50%' : undefined
const amount: Check = (value) =>
  parseBytes(String(value)) === undefined ? 'an amount like 500M or 10G' : undefined

export const KEYS: Keys = {
  format: positive,
  remote: address,
  repository: text,
  ...SETTINGS,
  conflicts: oneOf(...POLICIES),
  ignore: rules,
  only: paths,
  symlinks: oneOf('skip', 'store'),
  author: text,
  'max-delete': numberOrShare,
  jobs: requests,
  'trash-days': positive,
  'trash-size': amount,
}

export const CONFIG_KEYS: readonly string[] = Object.keys(KEYS)
const LISTS = new Set(['ignore', 'only'])
const NUMBERS = new Set(['jobs', 'trash-days', 'max-delete'])
const FLAGS = new Set(['path-style'])

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

/** `500M`, `10G`, `1.5 TB` as bytes, in powers of 1024; undefined if it is nothing of that. */
export function parseBytes(value: string): number | undefined {
  const [, number, unit = ''] =
    /^(\d{1,15}(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(value.trim()) ?? []
  return number === undefined
    ? undefined
    : Math.round(Number(number) * 1024 ** ['', 'k', 'm', 'g', 't', 'p'].indexOf(unit.toLowerCase()))
}

/** `5` or `50%`, as in the configuration and on the command line; undefined if it is nothing of that. */
export function parseMaxDelete(value: string): MaxDelete | undefined {
  const [, count, percent] = /^(?:(\d{1,12})|(100|\d{1,2})%)$/.exec(value) ?? []
  if (percent !== undefined) return { percent: Number(percent) }
  return count === undefined ? undefined : { count: Number(count) }
}
