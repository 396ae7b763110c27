/** Bytes a second of the slowest line that is waited for, all that is sent over it together: half a megabit. */
const SLOWEST = 64 * 1024
/** A line may become so many times slower than it was seen to be, and is waited for all the same. */
const SLOWER = 4
/** So much of a body may wait in the system, or in a proxy on this machine, when it counts as sent: nobody tells us when it leaves. */
const UNSEEN = 1024 * 1024
/** A line that is dead is not waited for longer, however much was sent. */
export const LONGEST_ON_LINE = 5 * 60_000
/** What an answer counts for after the next one: some twenty of them tell how fast the line is. */
const FADING = 0.95

/** How fast bodies arrive at the other side, all that are sent there together. */
export class Speed {
  #bytes = 0
  /** Milliseconds in which those were under way. */
  #time = 0
  #last = 0

  /** A body has got its answer. `begun` and `now` in milliseconds. */
  arrived(length: number, begun: number, now: number): void {
    this.#bytes = this.#bytes * FADING + length
    this.#time = this.#time * FADING + now - Math.max(this.#last, begun)
    this.#last = now
  }

  /** Bytes a second; undefined while nothing has arrived. */
  get seen(): number | undefined {
    return this.#bytes === 0 ? undefined : (this.#bytes * 1000) / Math.max(this.#time, 1)
  }
}

/**
 * Milliseconds that a line may take for these bodies, without a sign from the other side: a slow line is not a silent store.
 * @param lengths of the bodies that are sent at once, bytes
 * @param seen how fast it was seen to be, bytes a second; the slowest while nobody knows
 */
export function timeOnLine(lengths: Iterable<number>, seen = 0): number {
  let bytes = 0
  for (const length of lengths) bytes += Math.min(length, UNSEEN)
  return Math.min((bytes * 1000) / Math.max(SLOWEST, seen / SLOWER), LONGEST_ON_LINE)
}
