import { constants } from 'node:os'
import { StorageError, type StorageErrorCode } from '@lsync/core/provider'

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'key-conflict',
  EISDIR: 'key-conflict',
  ENOTEMPTY: 'key-conflict',
  ENAMETOOLONG: 'bad-key',
  EILSEQ: 'bad-key',
  EINVAL: 'bad-key',
  ELOOP: 'bad-key',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
  EFBIG: 'too-large',
  ENOSYS: 'unsupported',
  ENOTSUP: 'unsupported',
  EOPNOTSUPP: 'unsupported',
  // With fewer requests at once it would go.
  EMFILE: 'throttled',
  ENFILE: 'throttled',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  ESTALE: 'network',
  ETIMEDOUT: 'network',
  EIO: 'server',
}

const NAMES: ReadonlyMap<number | undefined, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [-number, name]),
)

export function errnoOf(error: unknown): string {
  const { code = '', errno } = (error ?? {}) as NodeJS.ErrnoException
  // Node has no names for some, a quota that is used up and a stale handle among them: `Unknown system error -122`.
  return (code.startsWith('Unknown') ? NAMES.get(errno) : undefined) ?? code
}

/** Where the system's own words would not help, or are none. */
const WORDS: Readonly<Record<string, string>> = {
  EDQUOT: 'the quota there is used up',
  ESTALE: 'its server does not know it any more',
  EXDEV: 'it lies on another disk than the rest of the remote, by way of which files come',
}

/** The one translation of the system's errors. */
export function storageError(key: string, error: unknown): StorageError {
  const errno = errnoOf(error)
  const text =
    WORDS[errno] ??
    (error instanceof Error
      ? error.message.replace(/^([A-Z0-9]+: |, )/, '').replace(/, .*$/s, '')
      : String(error))
  return new StorageError(CODES[errno] ?? 'unexpected', `${key}: ${text}`, {
    key,
    detail: errno,
    cause: error,
  })
}

export function attempt<T>(key: string, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    throw error instanceof StorageError ? error : storageError(key, error)
  }
}

const CLOSED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EXDEV'])

/**
 * The same for a change at a key's own place, when the store's own files could be written: one that is closed to this user, as are folders of others in a
 * shared one, or that lies on another disk, is no reason to change no other. What lsync keeps there for all is no such key.
 */
export function attemptAt<T>(key: string, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    if (error instanceof StorageError) throw error
    const { message } = storageError(key, error)
    const errno = errnoOf(error)
    if (!CLOSED.has(errno) || key.startsWith('.lsync/')) throw storageError(key, error)
    throw new StorageError('refused', message, { key, detail: errno, cause: error })
  }
}

/** The same for the remote's own folder, which no key names. */
export function attemptRoot<T>(root: string, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') throw noFolder(`there is no folder ${root}`)
    if (errno === 'EEXIST' || errno === 'ENOTDIR')
      throw new StorageError('bad-remote', `${root} is no folder, or lies below a file`, {
        detail: errno,
        cause: error,
      })
    throw error instanceof StorageError ? error : storageError(root, error)
  }
}

export function noFolder(message: string): StorageError {
  return new StorageError('no-remote', message, { detail: 'is its disk mounted?' })
}
