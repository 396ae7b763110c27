import { constants } from 'node:os'
import { DiskError, type DiskErrorCode } from './disk.ts'

/** The one translation of what the system says. Whatever is not named here is `io`. */
const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'missing',
  EEXIST: 'exists',
  ENOTEMPTY: 'not-empty',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'too-large',
  EISDIR: 'is-folder',
  ENOTDIR: 'not-folder',
  ENAMETOOLONG: 'bad-name',
  EINVAL: 'bad-name',
  EILSEQ: 'bad-name',
  EROFS: 'read-only',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
}

const TOO_MANY =
  'more files were to be open at once than the system allows (ulimit -n): try --jobs 4'
/** Where the system's own words would not help. */
const WORDS: Readonly<Record<string, string>> = {
  EDQUOT: 'the quota of this disk is used up',
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
  EXDEV: 'it lies on another disk than .lsync, and files go by way of .lsync',
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [-number, name]),
)

export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string'))
    return undefined
  // Node has no names for some, a quota that is used up among them: `Unknown system error -122`.
  const isNameless = error.code.startsWith('Unknown') && 'errno' in error
  return (isNameless ? NAMES.get(Number(error.errno)) : undefined) ?? error.code
}

/** As a DiskError about this path (relative to the root); errors that are no system's are bugs and stay what they are. */
export function translate(error: unknown, path: string): unknown {
  if (error instanceof DiskError) return error
  const errno = errnoOf(error)
  if (errno === undefined || !(error instanceof Error) || !('syscall' in error)) return error
  // Node's `EACCES: permission denied, open '/…'`: the words of the system, without the absolute path.
  const words = WORDS[errno] ?? error.message.replace(/^[A-Z0-9]+: /, '').replace(/, .*$/s, '')
  return new DiskError(CODES[errno] ?? 'io', path, `${words}, ${errno}`, error)
}

/** The same where only a failure of the system is expected: any other error is thrown on, untouched. */
export function diskError(path: string, error: unknown): DiskError {
  const translated = translate(error, path)
  if (!(translated instanceof DiskError)) throw translated
  return translated
}

/** Runs synchronous calls of `node:fs` with their failures translated. */
export function guarded<T>(path: string, calls: () => T): T {
  try {
    return calls()
  } catch (error) {
    throw translate(error, path)
  }
}
