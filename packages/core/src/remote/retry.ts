import type { World } from '../disk/world.ts'
import { isTemporary, StorageError } from '../provider/index.ts'

/** The one retry of lsync. */
export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number
  /** Milliseconds before the second attempt; doubled each time, with jitter. */
  readonly firstDelay: number
  readonly longestDelay: number
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, firstDelay: 100, longestDelay: 5000 }

/**
 * Milliseconds after which a store that was not heard of yet in this command is asked no more. One attempt alone may wait as long for a silent one, and a person
 * who waits does not know yet whether the address is right.
 */
const FIRST_CONTACT = 60_000

/**
 * The longest pause that a store gets for the asking. In maintenance it may ask for hours, or until tomorrow: nobody is to wait for that in silence, with
 * the repository locked.
 */
const LONGEST_ASKED = 60_000

/** How one operation is tried again. */
export interface Retrying {
  readonly policy: RetryPolicy
  readonly world: World
  /** Ends the waiting, too. */
  readonly signal: AbortSignal
}

/** Waits after attempt number `attempt` (from 1); where it was the last one, throws its error. */
export async function pause(
  { policy, world, signal }: Retrying,
  attempt: number,
  error: StorageError,
): Promise<void> {
  if (attempt >= policy.attempts) throw givenUp(error, world.now())
  const doubled = Math.min(policy.firstDelay * 2 ** (attempt - 1), policy.longestDelay)
  // Between half and all of it, so that clients which failed together do not come back together.
  const jitter = 0.5 + (Number.parseInt(world.token().slice(0, 4), 16) / 0xffff) * 0.5
  const asked = Math.min(error.retryAfter ?? 0, LONGEST_ASKED)
  await world.sleep(Math.max(doubled * jitter, asked), signal)
}

/** A store that asked for more than it was given is not asked in vain: who reads the error learns when to come back. */
function givenUp(error: StorageError, now: number): StorageError {
  const { code, message, key, detail, retryAfter = 0 } = error
  const then = Math.ceil((now + retryAfter) / 60_000) * 60_000
  if (retryAfter <= LONGEST_ASKED || then > LAST_DATE) return error
  const at = new Date(then).toISOString().slice(0, 16).replace('T', ' ')
  return new StorageError(code, `${message}; it wants to be asked again at ${at} UTC`, {
    ...(key === undefined ? {} : { key }),
    ...(detail === undefined ? {} : { detail }),
    retryAfter,
    cause: error,
  })
}

/** Milliseconds; no date is later. */
const LAST_DATE = 8.64e15

/**
 * For operations that may be repeated as they are.
 * @param check throws where an error is not to be followed by another attempt
 */
export async function retrying<T>(
  how: Retrying,
  operation: () => Promise<T>,
  check?: (error: StorageError) => void,
): Promise<T> {
  const { signal } = how
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await operation()
    } catch (error) {
      signal.throwIfAborted()
      if (!isTemporary(error)) throw error
      check?.(error)
      await pause(how, attempt, error)
    }
  }
}

/** As `retrying`, for the first thing that a store is asked: one from which nothing comes is given up sooner. One that answers, with a refusal at least, has its time. */
export async function reaching<T>(how: Retrying, operation: () => Promise<T>): Promise<T> {
  const { world } = how
  const until = world.now() + FIRST_CONTACT
  return retrying(how, operation, (error) => {
    if (error.code === 'network' && world.now() >= until) throw error
  })
}
