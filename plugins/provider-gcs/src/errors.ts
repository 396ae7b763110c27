import { StorageError, type StorageErrorCode } from '@lsync/core/provider'
import { connectionError as failureOf, retryAfter } from '@lsync/http'

/** Reasons of the JSON API, where they say more than the status. */
const REASONS: Readonly<Record<string, StorageErrorCode>> = {
  conditionNotMet: 'precondition-failed',
  rateLimitExceeded: 'throttled',
  userRateLimitExceeded: 'throttled',
  backendError: 'server',
  internalError: 'server',
  authError: 'unauthenticated',
  userProjectMissing: 'bad-remote',
  userProjectInvalid: 'bad-remote',
  resourceIsEncryptedWithCustomerEncryptionKey: 'unreadable',
  uploadTooLarge: 'too-large',
  uploadBrokenConnection: 'network',
}

/**
 * A 502, 503 or 504 is no promise that nothing happened: it may be a gateway that lost its store in the middle. So it is `server`, after which core
 * looks what is there. 410 and 499 are told of upload sessions only.
 */
const STATUSES: Readonly<Record<number, StorageErrorCode>> = {
  304: 'precondition-failed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'unsupported',
  408: 'network',
  409: 'busy',
  410: 'upload-lost',
  412: 'precondition-failed',
  413: 'too-large',
  429: 'throttled',
  499: 'upload-lost',
  501: 'unsupported',
  507: 'no-space',
}

export interface Answer {
  readonly status: number
  /** The body: JSON where it follows the documentation, plain text from upload sessions and proxies. */
  readonly text: string
  /** Seconds, or a date. */
  readonly retryAfter?: string | undefined
}

interface Said {
  readonly reason: string | undefined
  readonly message: string
}

/** The one translation of what Cloud Storage and its emulators answer. */
export function answerError(key: string, answer: Answer, now: number = Date.now()): StorageError {
  const { status } = answer
  const said = saidIn(answer.text)
  const wait = retryAfter(answer.retryAfter, now)
  // What nobody foresaw of one object is refused to that object; of the bucket, nothing can go on.
  const code = codeOf(status, said) ?? (key !== '' && status >= 400 ? 'refused' : 'unexpected')
  const sentence = sentenceOf(code, status, said)
  return new StorageError(code, key === '' ? sentence : `${key}: ${sentence}`, {
    ...(key === '' ? {} : { key }),
    detail: `status ${status}${said.reason === undefined ? '' : `, ${said.reason}`}`,
    ...(wait === undefined ? {} : { retryAfter: wait }),
  })
}

/** Undefined where neither table knows it. */
function codeOf(status: number, { reason, message }: Said): StorageErrorCode | undefined {
  const known = reason === undefined ? undefined : REASONS[reason]
  if (known !== undefined) return known
  // Google answers 400 to a wrong checksum, its test bench 412.
  if ((status === 400 || status === 412) && /\b(crc32c|md5(hash)?)\b/i.test(message))
    return 'bad-digest'
  if (status === 404 && /^(the specified )?bucket\b.*\bdoes not exist/i.test(message))
    return 'no-remote'
  return STATUSES[status] ?? (status >= 500 ? 'server' : undefined)
}

function sentenceOf(code: StorageErrorCode, status: number, { message }: Said): string {
  const sentence = message === '' ? `the store answers with status ${status}` : message
  if (code === 'bad-remote') return `${sentence} (set the project that pays for requests)`
  return sentence
}

/** The test bench wraps one such document into the message of another. */
function saidIn(text: string): Said {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // An upload session answers in a line of text, a proxy with a page.
    const line = text.trim().split('\n')[0] ?? ''
    return { reason: undefined, message: line.startsWith('<') ? '' : line.slice(0, 300) }
  }
  const error = (document as { error?: unknown } | null)?.error
  if (typeof error === 'string') return { reason: undefined, message: error }
  const { message, errors } = (error ?? {}) as { message?: unknown; errors?: unknown }
  if (typeof message === 'string' && message.startsWith('{')) return saidIn(message)
  const [first] = Array.isArray(errors) ? (errors as { reason?: unknown; message?: unknown }[]) : []
  const told = typeof message === 'string' ? message : first?.message
  return {
    reason: typeof first?.reason === 'string' ? first.reason : undefined,
    message: typeof told === 'string' ? told.slice(0, 300) : '',
  }
}

/** Failures without an answer. */
export function connectionError(key: string, host: string, error: unknown): StorageError {
  return failureOf(key, host, error, 'NODE_EXTRA_CA_CERTS')
}
