import { RestError } from '@azure/storage-blob'
import { isStorageError, StorageError, type StorageErrorCode } from '@lsync/core/provider'

/** What Azure says, in the words of the contract: the one table of this provider. */
const CODES: Readonly<Record<string, StorageErrorCode>> = {
  BlobNotFound: 'not-found',
  ResourceNotFound: 'not-found',
  ContainerNotFound: 'no-remote',
  BlobAlreadyExists: 'precondition-failed',
  ConditionNotMet: 'precondition-failed',
  LeaseIdMissing: 'busy',
  Md5Mismatch: 'bad-digest',
  InvalidResourceName: 'bad-key',
  RequestBodyTooLarge: 'too-large',
  BlobArchived: 'unreadable',
  BlobUsesCustomerSpecifiedEncryption: 'unreadable',
  MetadataTooLarge: 'unsupported',
  AuthenticationFailed: 'unauthenticated',
  ServerBusy: 'throttled',
}

const STATUSES: Readonly<Record<number, StorageErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  412: 'precondition-failed',
  429: 'throttled',
}

/** Runs one request; what it throws is the abort's own reason or a StorageError. */
export async function translated<T>(
  signal: AbortSignal,
  key: string | undefined,
  request: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  try {
    return await request()
  } catch (error) {
    throw translate(error, signal, key)
  }
}

export function translate(error: unknown, signal: AbortSignal, key?: string): unknown {
  if (signal.aborted) return signal.reason
  if (isStorageError(error)) return error
  const about = key === undefined ? {} : { key }
  if (!(error instanceof RestError) || error.statusCode === undefined)
    // No answer, or a torn one.
    return new StorageError('network', 'Azure cannot be reached', {
      ...about,
      detail: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      cause: error,
    })
  const { statusCode, details } = error
  // The header's, since an answer to HEAD has no body.
  const code = (details as { readonly errorCode?: string } | undefined)?.errorCode ?? ''
  const meaning = CODES[code] ?? STATUSES[statusCode] ?? unforeseen(statusCode, key)
  return new StorageError(meaning, key === undefined ? 'Azure refused' : `Azure refused: ${key}`, {
    ...about,
    detail: `${statusCode} ${code}`.trim(),
    cause: error,
  })
}

/** What nobody foresaw of one object is refused to that object; of the container, nothing can go on. */
function unforeseen(status: number, key: string | undefined): StorageErrorCode {
  if (status >= 500) return 'server'
  return key !== undefined && status >= 400 ? 'refused' : 'unexpected'
}
