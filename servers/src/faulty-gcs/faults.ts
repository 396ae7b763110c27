import type { Fault } from '../faulty/faults.ts'

/** The answers that Cloud Storage's documentation names for a client to try again. */
export const backendError: Fault = { kind: 'refuse', status: 503, code: 'backendError' }

export function rateLimited(retryAfter?: number): Fault {
  const fault: Fault = { kind: 'refuse', status: 429, code: 'rateLimitExceeded' }
  return retryAfter === undefined ? fault : { ...fault, retryAfter }
}

/** What is said of an upload session that ended a week ago. */
export const sessionGone: Fault = { kind: 'refuse', status: 410, code: 'gone' }
