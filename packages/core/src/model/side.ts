import type { ProblemCode } from './problem.ts'

/** One side of a path. Unknown is never absent: nothing may be concluded from it, and nothing is done. */
export type Side<T> = Present<T> | Absent | Unknown

export interface Present<T> {
  readonly state: 'present'
  readonly entry: T
}

export interface Absent {
  readonly state: 'absent'
}

export interface Unknown {
  readonly state: 'unknown'
  /** Absent where the path is left out on purpose (ignored, outside `only`): nobody needs to be told. */
  readonly problem?: ProblemCode
  readonly detail?: string
}

export const ABSENT: Absent = { state: 'absent' }

/**
 * An item of a sorted stream. `below: true` makes an unknown hold for every key that starts with `path`, which then ends in `/`.
 */
export interface Seen<T> {
  readonly path: string
  readonly side: Present<T> | Unknown
  readonly below?: boolean
  /** The mark of an empty folder whose name a file has taken on the same side: it stands for nothing any more. */
  readonly stale?: boolean
  /** A folder that is a repository of its own. */
  readonly repository?: boolean
}

/** A sorted stream, in pages so that a merge awaits once per page. Complete, or it throws. */
export type SortedStream<T> = AsyncIterable<readonly T[]>

/** What is in memory already, as one page; none where there is nothing. */
export async function* pageOf<T>(items: readonly T[]): SortedStream<T> {
  if (items.length > 0) yield items
}
