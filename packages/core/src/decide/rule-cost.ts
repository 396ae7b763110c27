/** A line that is longer than any path names none, and is more than an expression can hold. */
const LONGEST_LINE = 4096
/** So many folders deep a path is taken to lie: a `**` within a line may stand for any of them, and each more for any of those below. */
const DEPTH = 20
/** What all lines that hold for a path may cost together: one that is plain costs 1. A person's rules cost some hundred. */
const MOST = 30_000

/** Why rules cannot be followed; the line, where it is one. */
export interface Refusal {
  readonly line?: number
  readonly reason: string
}

/**
 * What it costs to ask the lines of a path. Somebody else wrote most of them, and they are asked for every path there is, by expressions that
 * nothing can interrupt: what would take without end is refused instead.
 */
export function costOf(lines: readonly string[], above = 0): number | Refusal {
  let total = above
  for (const [index, line] of lines.entries()) {
    const refused = (reason: string): Refusal => ({ line: index + 1, reason })
    if (line.length > LONGEST_LINE)
      return refused(`has more than ${LONGEST_LINE} characters, which no path has`)
    const cost = costOfLine(line)
    if (cost > MOST) return refused('has more than three ** that stand for folders within a path')
    total += cost
    if (total > MOST)
      return refused(
        `is one rule too many: at most ${MOST} can be asked of each path, and one with ** within it counts for ${DEPTH}`,
      )
  }
  return total
}

function costOfLine(line: string): number {
  if (line === '' || line.startsWith('#')) return 0
  // At the end it takes whatever is there. In front it says no more than a name without slashes does, unless others come behind.
  const within = line.replace(/^!/, '').replace(/\/\*\*(?:\/\*)?$/, '')
  const stars = within.match(/(?<=^|\/)\*{2,}(?=\/)/g)?.length ?? 0
  const leads = /^\/?\*{2,}\//.test(within)
  return DEPTH ** (stars === 1 && leads ? 0 : stars)
}
