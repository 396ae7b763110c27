import type { ByteRange } from '../provider/index.ts'

/** The same bytes in as few ranges as possible, ascending. */
export function joinRanges(ranges: Iterable<ByteRange>): readonly ByteRange[] {
  const joined: ByteRange[] = []
  for (const range of [...ranges].toSorted((a, b) => a.from - b.from)) {
    if (range.to <= range.from) continue
    const last = joined.at(-1)
    if (last === undefined || range.from > last.to) joined.push(range)
    else if (range.to > last.to) joined.splice(-1, 1, { from: last.from, to: range.to })
  }
  return joined
}

/** What of `size` bytes is not within the ranges, in pieces of at most `step` bytes, ascending. */
export function missingRanges(
  size: number,
  whole: readonly ByteRange[],
  step: number,
): readonly ByteRange[] {
  const missing: ByteRange[] = []
  let at = 0
  for (const { from, to } of [...joinRanges(whole), { from: size, to: size }]) {
    for (; at < from; at = Math.min(at + step, from))
      missing.push({ from: at, to: Math.min(at + step, from) })
    at = Math.max(at, to)
  }
  return missing
}

export function bytesOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** Ranges that grow at their ends, as those of a download do; they may touch each other, and do not overlap. */
export class GrowingRanges {
  readonly #ends: Map<number, number>
  /** Where the range begins in which `front` lies. */
  #last = 0

  constructor(ranges: readonly ByteRange[]) {
    this.#ends = new Map(joinRanges(ranges).map(({ from, to }) => [from, to]))
  }

  /** The range that begins at `from` ends at `to` now. */
  grow(from: number, to: number): void {
    this.#ends.set(from, to)
  }

  get ranges(): readonly ByteRange[] {
    return joinRanges([...this.#ends].map(([from, to]) => ({ from, to })))
  }

  /** All bytes before it are within the ranges. */
  get front(): number {
    for (;;) {
      const end = this.#ends.get(this.#last) ?? this.#last
      if (end === this.#last || !this.#ends.has(end)) return end
      this.#last = end
    }
  }
}
