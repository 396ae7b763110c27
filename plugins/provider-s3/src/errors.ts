import { isStorageError, StorageError, type StorageErrorCode } from '@lsync/core/provider'
import { connectionError as failureOf, retryAfter } from '@lsync/http'

/** S3's own codes, where they say more than the status. Those of look-alikes stand here too. */
const CODES: Readonly<Record<string, StorageErrorCode>> = {
  NoSuchKey: 'not-found',
  NoSuchVersion: 'not-found',
  NoSuchBucket: 'no-remote',
  InvalidBucketName: 'bad-remote',
  PreconditionFailed: 'precondition-failed',
  ConditionalRequestConflict: 'busy',
  OperationAborted: 'busy',
  NoSuchUpload: 'upload-lost',
  InvalidPart: 'upload-lost',
  InvalidPartOrder: 'upload-lost',
  BadDigest: 'bad-digest',
  InvalidDigest: 'bad-digest',
  XAmzContentSHA256Mismatch: 'bad-digest',
  XAmzContentChecksumMismatch: 'bad-digest',
  IncompleteBody: 'network',
  RequestTimeout: 'network',
  KeyTooLong: 'bad-key',
  KeyTooLongError: 'bad-key',
  InvalidURI: 'bad-key',
  XMinioInvalidObjectName: 'bad-key',
  XMinioInvalidResourceName: 'bad-key',
  XMinioParentIsObject: 'key-conflict',
  XMinioObjectExistsAsDirectory: 'key-conflict',
  ObjectParentIsFile: 'key-conflict',
  ExistingObjectIsDirectory: 'key-conflict',
  DirectoryObjectContainsData: 'key-conflict',
  InvalidObjectState: 'unreadable',
  EntityTooLarge: 'too-large',
  // One path with too much metadata is a problem of that path; no code says just that.
  MetadataTooLarge: 'unsupported',
  InvalidAccessKeyId: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  AuthorizationHeaderMalformed: 'unauthenticated',
  ExpiredToken: 'unauthenticated',
  ExpiredTokenException: 'unauthenticated',
  InvalidToken: 'unauthenticated',
  InvalidTokenId: 'unauthenticated',
  InvalidSecurity: 'unauthenticated',
  TokenRefreshRequired: 'unauthenticated',
  RequestTimeTooSkewed: 'unauthenticated',
  RequestExpired: 'unauthenticated',
  AccessDenied: 'forbidden',
  AllAccessDisabled: 'forbidden',
  AccountProblem: 'forbidden',
  QuotaExceeded: 'no-space',
  XMinioStorageFull: 'no-space',
  XMinioAdminBucketQuotaExceeded: 'no-space',
  SlowDown: 'throttled',
  TooManyRequests: 'throttled',
  RequestLimitExceeded: 'throttled',
  Busy: 'throttled',
  InternalError: 'server',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
}

/**
 * A 503 without a code that says so is no promise that nothing happened: it may be a gateway that lost its store in the middle (and
 * MinIO's SlowDownWrite means that too few of its disks confirmed). So it is `server`, after which core looks what is there.
 */
const STATUSES: Readonly<Record<number, StorageErrorCode>> = {
  304: 'precondition-failed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'unsupported',
  408: 'network',
  409: 'busy',
  411: 'unsupported',
  412: 'precondition-failed',
  413: 'too-large',
  414: 'bad-key',
  429: 'throttled',
  501: 'unsupported',
  507: 'no-space',
}

export interface Refusal {
  readonly status: number
  /** S3's code and message, where there was a body that held them. */
  readonly code?: string | undefined
  readonly message?: string | undefined
  /** Without a body, as every answer to HEAD. */
  readonly bodiless?: boolean
  /** Seconds, or a date. */
  readonly retryAfter?: string | undefined
}

/** The one translation of what S3 and its look-alikes answer. */
export function answerError(key: string, answer: Refusal, now: number = Date.now()): StorageError {
  const { status, code } = answer
  const known = codeOf(answer)
  const wait = retryAfter(answer.retryAfter, now)
  const sentence = sentenceOf(answer)
  // What nobody foresaw of one object is refused to that object; of the bucket, nothing can go on.
  const meaning = known ?? (key !== '' && status >= 400 ? 'refused' : 'unexpected')
  return new StorageError(meaning, key === '' ? sentence : `${key}: ${sentence}`, {
    ...(key === '' ? {} : { key }),
    detail: `status ${status}${code === undefined || code === '' ? '' : `, ${code}`}`,
    ...(wait === undefined ? {} : { retryAfter: wait }),
  })
}

/** Undefined where neither table knows it. */
function codeOf(answer: Refusal): StorageErrorCode | undefined {
  const { status, code } = answer
  const known = code === undefined ? undefined : CODES[code]
  if (known !== undefined) return known
  if (code?.startsWith('KMS.') === true) return 'unreadable'
  if (isWordless(answer)) return 'unauthenticated'
  return STATUSES[status] ?? (status >= 500 ? 'server' : undefined)
}

/**
 * What is left of an expired token, or of a wrong region, where an answer has no body. One with a body that names no code is not the store's: what
 * takes requests before it (a proxy, a servlet container) does not like this path.
 */
function isWordless({ status, code, bodiless = false }: Refusal): boolean {
  return status === 400 && (code === undefined || code === '') && bodiless
}

function sentenceOf(answer: Refusal): string {
  const { status, code, message } = answer
  if (code === 'RequestTimeTooSkewed')
    return "this computer's clock is too far from the store's: set the clock"
  const said = [code, message].filter((part) => part !== undefined && part !== '').join(': ')
  // Each request carries that one, signed.
  if (message !== undefined && /\bvalid\b.*\bx-amz-date\b/i.test(message))
    return `${said} (lsync sent one: a proxy on the way takes away headers that begin with x-amz-, it seems)`
  if (said !== '') return said
  if (isWordless(answer))
    return 'the store refuses the request and gives no reason: the credentials may have expired'
  return `the store answers with status ${status}`
}

/** The bucket is in another region than the one the request was signed for. */
export class WrongRegion extends StorageError {
  readonly region: string | undefined

  constructor(region: string | undefined) {
    const name = region === undefined || region === '' ? undefined : region
    super(
      'bad-remote',
      name === undefined
        ? 'the bucket is in another region: set the right one'
        : `the bucket is in another region: set the region ${name}`,
    )
    this.region = name
  }
}

/** Failures without an answer. */
export function connectionError(key: string, host: string, error: unknown): StorageError {
  return failureOf(key, host, error, 'AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS')
}

/** An error of the SDK, in the same words. */
export function sdkError(key: string, host: string, error: unknown): StorageError {
  if (isStorageError(error)) return error
  const { $metadata, $response, name, message } = (error ?? {}) as {
    $metadata?: { httpStatusCode?: number }
    $response?: { headers?: Readonly<Record<string, string>> }
    name?: string
    message?: string
  }
  const status = $metadata?.httpStatusCode
  if (status === undefined) return connectionError(key, host, error)
  // An answer of 200 with an error inside, and answers that are no XML: the SDK gives them names of its own.
  if (status < 300)
    return new StorageError('server', `${key}: ${message ?? name ?? 'an unreadable answer'}`, {
      key,
      cause: error,
    })
  return answerError(key, {
    status,
    code: name === 'UnknownError' || name === 'Error' || name === 'Unknown' ? undefined : name,
    message,
    retryAfter: $response?.headers?.['retry-after'],
  })
}
