import { isStorageError, StorageError, type StorageErrorCode } from '@lsync/core/provider'

/** S3's own codes, where they say more than the status. */
const CODES: Readonly<Record<string, StorageErrorCode>> = {
  NoSuchKey: 'not-found',
  NoSuchVersion: 'not-found',
  NoSuchBucket: 'no-remote',
  PreconditionFailed: 'precondition-failed',
  ConditionalRequestConflict: 'busy',
  OperationAborted: 'busy',
  NoSuchUpload: 'upload-lost',
  InvalidPart: 'upload-lost',
  BadDigest: 'bad-digest',
  XAmzContentSHA256Mismatch: 'bad-digest',
  XAmzContentChecksumMismatch: 'bad-digest',
  IncompleteBody: 'network',
  RequestTimeout: 'network',
  KeyTooLongError: 'bad-key',
  XMinioInvalidObjectName: 'bad-key',
  XMinioParentIsObject: 'key-conflict',
  XMinioObjectExistsAsDirectory: 'key-conflict',
  ObjectParentIsFile: 'key-conflict',
  ExistingObjectIsDirectory: 'key-conflict',
  DirectoryObjectContainsData: 'key-conflict',
  InvalidObjectState: 'unreadable',
  EntityTooLarge: 'too-large',
  InvalidAccessKeyId: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  AuthorizationHeaderMalformed: 'unauthenticated',
  ExpiredToken: 'unauthenticated',
  InvalidToken: 'unauthenticated',
  TokenRefreshRequired: 'unauthenticated',
  RequestTimeTooSkewed: 'unauthenticated',
  AccessDenied: 'forbidden',
  AllAccessDisabled: 'forbidden',
  QuotaExceeded: 'no-space',
  XMinioStorageFull: 'no-space',
  SlowDown: 'throttled',
  SlowDownRead: 'throttled',
  SlowDownWrite: 'throttled',
  TooManyRequests: 'throttled',
  ServiceUnavailable: 'throttled',
  Busy: 'throttled',
  InternalError: 'server',
  NotImplemented: 'unsupported',
}

const STATUSES: Readonly<Record<number, StorageErrorCode>> = {
  304: 'precondition-failed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  408: 'network',
  409: 'busy',
  411: 'unsupported',
  412: 'precondition-failed',
  413: 'too-large',
  429: 'throttled',
  501: 'unsupported',
  503: 'throttled',
  507: 'no-space',
}

export interface Answer {
  readonly status: number
  /** S3's code and message, where there was a body that held them. */
  readonly code?: string | undefined
  readonly message?: string | undefined
  /** Seconds, or a date. */
  readonly retryAfter?: string | undefined
}

/** The one translation of what S3 and its look-alikes answer. */
export function answerError(
  key: string,
  { status, code, message, retryAfter }: Answer,
): StorageError {
  const known = code === undefined ? undefined : CODES[code]
  const translated = known ?? STATUSES[status] ?? (status >= 500 ? 'server' : 'unexpected')
  const wait = retryAfter === undefined ? Number.NaN : Number(retryAfter) * 1000
  const said = [code, message].filter((part) => part !== undefined && part !== '').join(': ')
  const hint =
    code === 'RequestTimeTooSkewed'
      ? "this computer's clock is wrong"
      : said === ''
        ? `status ${status}`
        : said
  return new StorageError(translated, key === '' ? hint : `${key}: ${hint}`, {
    ...(key === '' ? {} : { key }),
    detail: `status ${status}`,
    ...(Number.isFinite(wait) ? { retryAfter: wait } : {}),
  })
}

/** Failures without an answer. */
export function connectionError(key: string, host: string, error: unknown): StorageError {
  if (isStorageError(error)) return error
  const code = String((error as { code?: unknown })?.code ?? '')
  const text = error instanceof Error ? error.message || code : String(error)
  return new StorageError('network', `no answer from ${host}: ${text || code}`, {
    ...(key === '' ? {} : { key }),
    ...(code === '' ? {} : { detail: code }),
    cause: error,
  })
}

/** An error of the SDK, in the same words. */
export function sdkError(key: string, host: string, error: unknown): unknown {
  const { $metadata, name, message } = (error ?? {}) as {
    $metadata?: { httpStatusCode?: number }
    name?: string
    message?: string
  }
  if (isStorageError(error)) return error
  const status = $metadata?.httpStatusCode
  if (status === undefined) return connectionError(key, host, error)
  return answerError(key, { status, code: name, message })
}
