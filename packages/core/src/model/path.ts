import { isReservedName, RESERVED } from './folding.ts'
import type { ProblemCode } from './problem.ts'

/** Longest name of one folder or file on the disks we know (ext4, APFS, xfs), in UTF-8 bytes. */
const LONGEST_SEGMENT = 255

/** A key that ends in `/` stands for an empty folder. */
export function isFolderKey(path: string): boolean {
  return path.endsWith('/')
}

/** The path on disk of a key: without the slash of a folder key. */
export function diskPath(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** The folder that holds it, `''` at the root. Takes keys of files and of folders. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/', path.length - 2)
  return end < 0 ? '' : path.slice(0, end)
}

export function nameOf(path: string): string {
  const whole = diskPath(path)
  return whole.slice(whole.lastIndexOf('/') + 1)
}

/** The folders that must exist for this key; for a folder key, itself too. */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = []
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    ancestors.push(path.slice(0, slash))
  return ancestors
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

/** True if the key is one of the paths or lies below one; an empty list stands for everything. */
export function isWithin(path: string, within: readonly string[]): boolean {
  if (within.length === 0) return true
  if (within.length > FEW) return hasOnWay(path, indexOf(within).scopes)
  return within.some(
    (scope) =>
      path === scope ||
      (path.startsWith(scope) && path.charCodeAt(scope.length) === 0x2f) /* slash */,
  )
}

/** True if something within the paths may lie below this folder: the walk must enter it. */
export function leadsInto(folder: string, within: readonly string[]): boolean {
  if (isWithin(folder, within)) return true
  return within.length > FEW
    ? indexOf(within).above.has(folder)
    : within.some((scope) => scope.startsWith(`${folder}/`))
}

/** Sorted, without paths that lie below another one. */
export function normalizeScopes(paths: readonly string[]): readonly string[] {
  const all = new Set(paths)
  if (all.has('')) return []
  return [...all].filter((path) => !ancestorsOf(path).some((folder) => all.has(folder))).toSorted()
}

/** Up to so many paths are gone through one by one. */
const FEW = 8

/** Very many paths may be named, and every key there is is asked for: the work must not grow with both. */
interface ScopeIndex {
  readonly scopes: ReadonlySet<string>
  readonly above: ReadonlySet<string>
}

const indexes = new WeakMap<readonly string[], ScopeIndex>()

function indexOf(within: readonly string[]): ScopeIndex {
  let index = indexes.get(within)
  if (index === undefined) {
    index = { scopes: new Set(within), above: new Set(within.flatMap(ancestorsOf)) }
    indexes.set(within, index)
  }
  return index
}

function hasOnWay(path: string, scopes: ReadonlySet<string>): boolean {
  return scopes.has(path) || ancestorsOf(path).some((folder) => scopes.has(folder))
}

/**
 * Why a remote key cannot be a path here, or undefined. This is what keeps a hostile bucket inside the repository:
 * everything that a file system would read as something other than a plain name is refused.
 */
export function checkKey(key: string): ProblemCode | undefined {
  return PLAIN.test(key) ? undefined : checkSegments(key)
}

/** Keys that nothing could be said against, as nearly all are: short names of plain letters that begin with no dot. */
const PLAIN = /^(?:[!-\-0-~][ -.0-~]{0,84}\/)*[!-\-0-~][ -.0-~]{0,84}\/?$/

function checkSegments(key: string): ProblemCode | undefined {
  if (!key.isWellFormed() || key.includes('\0')) return 'name-unsafe'
  const segments = diskPath(key).split('/')
  for (const segment of segments) {
    if (segment === '' || segment === '.' || segment === '..') return 'name-unsafe'
    if (isReservedName(segment)) return 'name-reserved'
    if (segment.length > LONGEST_SEGMENT / 3 && Buffer.byteLength(segment) > LONGEST_SEGMENT)
      return 'name-unsafe'
  }
  return undefined
}

/** The `.lsync` in a folder of the remote, of a key below it. */
export function reservedFolderOf(key: string): string {
  return key.slice(0, key.indexOf(`/${RESERVED}/`) + 1 + RESERVED.length)
}
