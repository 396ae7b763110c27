import type { Fault } from '../faulty/faults.ts'

/** The answers that S3's documentation names for a client to try again. */
export const conflict: Fault = { kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' }
export const internalError: Fault = { kind: 'refuse', status: 500, code: 'InternalError' }

export function slowDown(retryAfter?: number): Fault {
  const fault: Fault = { kind: 'refuse', status: 503, code: 'SlowDown' }
  return retryAfter === undefined ? fault : { ...fault, retryAfter }
}
