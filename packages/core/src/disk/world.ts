/** Time and randomness come in through here, so that a simulation decides them. */
export interface World {
  /** Milliseconds since the epoch. */
  now(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
  /** A fresh identifier of at least 122 random bits, lower-case hex. */
  token(): string
}
