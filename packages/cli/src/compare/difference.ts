import { structuredPatch } from 'diff'
import { escapeName } from '../render/escape.ts'

const LONGEST_SEARCH = 5000

export interface Named {
  /** Goes before the path, as `remote` in `--- remote/notes.txt`. */
  readonly side: string
  readonly text: string
}

/**
 * Lines of a unified difference, without line ends; none where both are the same, undefined where no difference was found in reasonable time.
 * The content is as it is: what goes to a terminal must be escaped.
 */
export function unifiedDifference(
  path: string,
  from: Named,
  to: Named,
): readonly string[] | undefined {
  if (from.text === to.text) return []
  const patch = structuredPatch('', '', from.text, to.text, undefined, undefined, {
    context: 3,
    timeout: LONGEST_SEARCH,
  })
  if (patch === undefined) return undefined
  return [
    `--- ${from.side}/${escapeName(path)}`,
    `+++ ${to.side}/${escapeName(path)}`,
    ...patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...lines,
    ]),
  ]
}

const RESET = '\u001B[0m'
const COLOURS: readonly (readonly [start: string, colour: string])[] = [
  ['---', '\u001B[1m'],
  ['+++', '\u001B[1m'],
  ['@@', '\u001B[36m'],
  ['-', '\u001B[31m'],
  ['+', '\u001B[32m'],
]

/** As `git diff` shows it on a terminal; content that a terminal could take for a command is escaped. */
export function forTerminal(lines: readonly string[], coloured: boolean): readonly string[] {
  return lines.map((line, index) => {
    // A tab is harmless, and text is full of them.
    const safe = line.split('\t').map(escapeLine).join('\t')
    if (!coloured) return safe
    const found = COLOURS.slice(index < 2 ? 0 : 2).find(([start]) => line.startsWith(start))
    return found === undefined ? safe : `${found[1]}${safe}${RESET}`
  })
}

/** As `escapeName`, but a backslash is itself: this is text, and nobody acts on it as on a name. */
function escapeLine(text: string): string {
  return text.split('\\').map(escapeName).join('\\')
}
