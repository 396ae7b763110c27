/** Bytes a second of the slowest line that is waited for, all that is sent over it together: half a megabit. */
const SLOWEST = 64 * 1024
/** So much of a body may wait in the system, or in a proxy on this machine, when it counts as sent: nobody tells us when it leaves. */
const UNSEEN = 1024 * 1024
/** A line that is dead is not waited for longer, however much was sent. */
export const LONGEST_ON_LINE = 5 * 60_000

/**
 * Milliseconds that a line may take for these bodies, without a sign from the other side: a slow line is not a silent store.
 * @param lengths of the bodies that are sent at once, bytes
 */
export function timeOnLine(lengths: Iterable<number>): number {
  let bytes = 0
  for (const length of lengths) bytes += Math.min(length, UNSEEN)
  return Math.min((bytes / SLOWEST) * 1000, LONGEST_ON_LINE)
}
