import type { Conflict } from '@lsync/core'
import { isMoved, type Session } from './session.ts'

/** Of how many conflicts no side was the newer one: those that are left as they were shown, and that nothing else stopped. */
export function withoutNewer(
  shown: readonly Conflict[],
  left: readonly Conflict[],
  { problems, halted }: Pick<Session, 'problems' | 'halted'>,
): number {
  if (halted.length > 0) return 0
  const before = new Map(shown.map((conflict) => [conflict.path, conflict]))
  return left.filter((now) => {
    const then = before.get(now.path)
    return then !== undefined && !isMoved(now, then) && !problems.has(now.path)
  }).length
}
