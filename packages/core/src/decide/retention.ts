/** How long, and how much, the trash keeps. */
export interface Retention {
  readonly days: number
  /** All of it together; absent where only age counts. */
  readonly bytes?: number
}

export const DEFAULT_RETENTION: Retention = { days: 30 }

const DAY = 24 * 60 * 60 * 1000

/** There was no lsync before: a run that is named so had a clock that did not know the time yet, and when it was nobody can tell. */
const FIRST_RUNS = Date.parse('2025-01-01T00:00:00Z')

/**
 * What leaves the trash: what is too old, then the oldest until the rest is small enough. What this run put there stays, however large it is:
 * nobody had the time to look at it.
 *
 * RACE: to a clock that is ahead all is old; worst outcome: what was replaced or removed in the last days leaves the trash early, in that run.
 *
 * @param items oldest first
 * @param now milliseconds since the epoch
 * @param ours name of this run's folder, with which those of its further folders begin
 */
export function expired<T extends { readonly run: string; readonly size: number }>(
  items: readonly T[],
  { days, bytes = Number.POSITIVE_INFINITY }: Retention,
  now: number,
  ours: string,
): readonly T[] {
  let total = items.reduce((sum, { size }) => sum + size, 0)
  return items.filter(({ run, size }) => {
    const tooOld = isOlder(run, now - days * DAY) && !isOlder(run, FIRST_RUNS)
    if (run.startsWith(ours) || (!tooOld && total <= bytes)) return false
    total -= size
    return true
  })
}

/** True for a run that began before; its folder's name says when: `2026-01-31T14.05.09.120Z-1f2e3d4c`, of earlier versions without milliseconds. Other names are of no known age. */
export function isOlder(run: string, before: number): boolean {
  const [, day = '', hours = '', minutes = '', seconds = ''] =
    /^([\d-]+)T(\d\d)\.(\d\d)\.(\d\d(?:\.\d+)?)Z/.exec(run) ?? []
  // Compared with nothing, a time that is none is not older.
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) < before
}
