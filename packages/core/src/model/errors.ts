/** What stops a command. The words and the exit code for each stand in the CLI's one table. */
export type LsyncErrorCode =
  | 'not-a-repository'
  | 'already-a-repository'
  | 'inside-lsync'
  | 'bad-path'
  | 'outside-repository'
  | 'bad-configuration'
  | 'newer-format'
  | 'unknown-requirement'
  | 'unknown-scheme'
  | 'provider-broken'
  | 'ambiguous-remote'
  | 'overlap'
  | 'remote-overlap'
  | 'other-repository'
  | 'other-remote'
  | 'unconfirmed-remote'
  | 'unknown-remote'
  | 'locked'
  | 'disk'

/**
 * The failure to go by. Where what was done with a file fails, and closing it after that fails as well, both are thrown as one: the
 * first is the cause, and the second says nothing more.
 */
export function firstFailure(error: unknown): unknown {
  // By its name: where Node.js has no such class yet, a plain error stands in for it.
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error
    ? firstFailure(error.suppressed)
    : error
}

export class LsyncError extends Error {
  override readonly name = 'LsyncError'
  readonly code: LsyncErrorCode
  /** Facts for the message: paths, names, numbers. Never secrets. */
  readonly facts: Readonly<Record<string, string | number>>
  constructor(
    code: LsyncErrorCode,
    message: string,
    facts: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.facts = facts
  }
}
