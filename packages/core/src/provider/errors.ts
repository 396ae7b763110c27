/**
 * What can go wrong in a store, and what the caller may do about it. The list is closed: a provider translates
 * everything its store says into one of these, in one table of its own.
 */
export type StorageErrorCode =
  /** No object has that key (or that earlier version). Final for this object. */
  | 'not-found'
  /** The condition of a write, removal, copy or pinned read does not hold: nothing was changed. Read again and decide anew. */
  | 'precondition-failed'
  /** The store refused because of another operation at this moment, or another client holds a removal lease. Nothing was changed; try again soon. */
  | 'busy'
  /** The store accepted the upload's parts no more: begin the upload anew, all parts must be sent again. Nothing was changed. */
  | 'upload-lost'
  /** The bytes received are not the bytes that were announced (checksum, length). Nothing was stored. The source may have changed: compare again. */
  | 'bad-digest'
  /** This key (or its length, or characters) cannot be stored there. A problem of this path alone. */
  | 'bad-key'
  /** The key stands in the way of another, as `a` beside `a/b` in a store that is really a file tree. A problem of this path alone. */
  | 'key-conflict'
  /** The object cannot be had now (archived, encrypted with a key we lack, closed to us while others are not). A problem of this path alone. */
  | 'unreadable'
  /** The object is larger than the store takes. A problem of this path alone. */
  | 'too-large'
  /** The credentials are missing, wrong or expired. Ends the run. */
  | 'unauthenticated'
  /** The credentials are good, but not for this operation. Ends the run, unless it concerns one object. */
  | 'forbidden'
  /** The bucket or the root folder does not exist. Ends the run. */
  | 'no-remote'
  /** The store, or the account, has no room left. Ends the transfers. */
  | 'no-space'
  /** The store asks for a slower pace. Temporary; `retryAfter` says how long. Nothing was changed. */
  | 'throttled'
  /** No answer, or a torn one: whether a write took place is unknown. Temporary. */
  | 'network'
  /** The store failed in itself (5xx): whether a write took place is unknown. Temporary. */
  | 'server'
  /** The store does not offer this operation. Final. */
  | 'unsupported'
  /** The URL or the options of the remote make no sense. Ends the run. */
  | 'bad-remote'
  /** The store refuses this request of one object for a reason that no other code tells. Nothing was changed; a problem of this path alone. */
  | 'refused'
  /** The store answered what no contract foresees. Ends the run: guessing could lose data. */
  | 'unexpected'

/** Codes after which the same call may succeed. */
export type TemporaryCode = 'busy' | 'throttled' | 'network' | 'server'
const TEMPORARY: ReadonlySet<string> = new Set<TemporaryCode>([
  'busy',
  'throttled',
  'network',
  'server',
])

/** Codes after which it is an open question whether a write took place. */
export type AmbiguousCode = 'network' | 'server'
const AMBIGUOUS: ReadonlySet<string> = new Set<AmbiguousCode>(['network', 'server'])

const BRAND = Symbol.for('@lsync/core/StorageError')

export interface StorageErrorDetails {
  /** The key concerned, where there is one. */
  readonly key?: string
  /** What the store itself said: status, code, request id. Never credentials, never a signed URL. */
  readonly detail?: string
  /** Milliseconds to wait before the next attempt, where the store named them, however many: nobody waits for more than a minute at a time. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

/** The only error that a provider throws, besides the reason of the caller's aborted signal. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode
  readonly key: string | undefined
  readonly detail: string | undefined
  readonly retryAfter: number | undefined

  constructor(code: StorageErrorCode, message: string, details: StorageErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.key = details.key
    this.detail = details.detail
    this.retryAfter = details.retryAfter
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** By brand, never `instanceof`: a plugin may bring its own copy of this package. */
export function isStorageError(error: unknown): error is StorageError {
  return typeof error === 'object' && error !== null && BRAND in error
}

export function isTemporary(
  error: unknown,
): error is StorageError & { readonly code: TemporaryCode } {
  return isStorageError(error) && TEMPORARY.has(error.code)
}

/** True where it is unknown whether the write took place: read back before saying who won. */
export function isAmbiguous(
  error: unknown,
): error is StorageError & { readonly code: AmbiguousCode } {
  return isStorageError(error) && AMBIGUOUS.has(error.code)
}
