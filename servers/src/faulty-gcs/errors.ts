/** A refusal, in the words of the JSON API. It is thrown by whatever finds the reason, and becomes the answer. */
export class GcsError extends Error {
  override readonly name = 'GcsError'
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    reason: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.reason = reason
    this.headers = headers
  }
}

export function errorDocument({ status, reason, message }: GcsError): string {
  return JSON.stringify({
    error: { code: status, message, errors: [{ message, domain: 'global', reason }] },
  })
}

export function noSuchObject(bucket: string, key: string): GcsError {
  return new GcsError(404, 'notFound', `No such object: ${bucket}/${key}`)
}

export function conditionNotMet(): GcsError {
  return new GcsError(
    412,
    'conditionNotMet',
    'At least one of the pre-conditions you specified did not hold.',
  )
}

export function invalid(message: string): GcsError {
  return new GcsError(400, 'invalid', message)
}

/** Said rather than ignored: what is passed over in silence would make tests pass for the wrong reason. */
export function notImplemented(what: string): GcsError {
  return new GcsError(501, 'notImplemented', `${what} is not implemented here.`)
}
