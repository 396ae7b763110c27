/** What stops a command. The words and the exit code for each stand in the CLI's one table. */
export type LsyncErrorCode =
  | 'not-a-repository'
  | 'already-a-repository'
  | 'inside-lsync'
  | 'bad-path'
  | 'outside-repository'
  | 'bad-configuration'
  | 'newer-format'
  | 'damaged-database'
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
