import { diff3Merge, diffComm } from 'node-diff3'

export interface Merged {
  readonly text: string
  /** Places where both sides changed the same lines: they stand in the text between markers. */
  readonly overlaps: number
}

export interface MergeLabels {
  readonly local: string
  readonly remote: string
}

/**
 * Three-way merge by lines, as git does it; without a base every difference is an overlap. Line ends stay as they are, a last line without one too.
 */
export function mergeTexts(
  base: string | undefined,
  local: string,
  remote: string,
  labels: MergeLabels,
): Merged {
  const [mine, theirs] = [local.split('\n'), remote.split('\n')]
  const regions: readonly Region[] =
    base === undefined
      ? diffComm(mine, theirs).map((part) =>
          part.common === undefined
            ? { conflict: { a: part.buffer1, b: part.buffer2 } }
            : { ok: part.common },
        )
      : diff3Merge(mine, base.split('\n'), theirs, { excludeFalseConflicts: true })
  let overlaps = 0
  const lines = regions.flatMap(({ ok, conflict }) => {
    if (ok !== undefined) return ok
    if (conflict === undefined) return []
    overlaps++
    return [
      `${OURS} ${labels.local}`,
      ...conflict.a,
      BETWEEN,
      ...conflict.b,
      `${THEIRS} ${labels.remote}`,
    ]
  })
  return { text: lines.join('\n'), overlaps }
}

interface Region {
  readonly ok?: readonly string[]
  readonly conflict?: { readonly a: readonly string[]; readonly b: readonly string[] }
}

const OURS = '<<<<<<<'
const BETWEEN = '======='
const THEIRS = '>>>>>>>'

/** True where somebody left a merge half done. */
export function hasMarkers(text: string): boolean {
  return /^<{7} .*$/m.test(text) && /^>{7} .*$/m.test(text)
}
