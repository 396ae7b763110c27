import type { World } from '../disk/clock.ts'
import { isTemporary, type StorageError } from '../provider/index.ts'

/** The one retry of lsync. */
export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number
  /** Milliseconds before the second attempt; doubled each time, with jitter. */
  readonly firstDelay: number
  readonly longestDelay: number
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, firstDelay: 100, longestDelay: 5000 }

/** Waits before attempt number `attempt` (from 1); says whether there is one. */
export async function pause(
  policy: RetryPolicy,
  world: World,
  attempt: number,
  error: StorageError,
  signal: AbortSignal,
): Promise<boolean> {
  if (attempt >= policy.attempts) return false
  const doubled = Math.min(policy.firstDelay * 2 ** (attempt - 1), policy.longestDelay)
  // Between half and all of it, so that clients which failed together do not come back together.
  const jitter = 0.5 + (Number.parseInt(world.token().slice(0, 4), 16) / 0xffff) * 0.5
  await world.sleep(Math.max(doubled * jitter, error.retryAfter ?? 0), signal)
  return true
}

/** For operations that may be repeated as they are. */
export async function retrying<T>(
  policy: RetryPolicy,
  world: World,
  signal: AbortSignal,
  operation: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await operation()
    } catch (error) {
      signal.throwIfAborted()
      if (!isTemporary(error) || !(await pause(policy, world, attempt, error, signal))) throw error
    }
  }
}
