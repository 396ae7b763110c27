/** How many requests are in flight at once, and how many of them may change something. */
export interface InFlight {
  readonly all: number
  readonly writes: number
}

/** On a near store more of them wait in the server instead of on the line. */
export const DEFAULT_JOBS = 32
/** A connection takes memory, and a small transfer that waits does, too. */
export const MOST_JOBS = 128
/** Requests a second that a store takes well: Amazon's own limits are 3,500 writes and 5,500 reads, for each prefix. */
const RATE = 3000

/**
 * As many as keep the line busy. Reads are twice as many as writes, which a store has to make last: 10,000 x 1 KB at 20 ms came down in 5.0 s with 128 and
 * in 6.1 s with 64, and went up in 13.7 s and in 12.2 s.
 * @param quickest milliseconds that the quickest answer took; undefined where nobody knows
 */
export function inFlightFor(quickest: number | undefined): InFlight {
  const busy = Math.ceil(((quickest ?? 0) / 1000) * RATE)
  const within = (count: number): number => Math.min(Math.max(count, DEFAULT_JOBS), MOST_JOBS)
  return busy <= DEFAULT_JOBS
    ? { all: DEFAULT_JOBS, writes: DEFAULT_JOBS }
    : { all: within(busy * 2), writes: within(busy) }
}
