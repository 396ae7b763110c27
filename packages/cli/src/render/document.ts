import { toSafeJson } from './escape.ts'

/** The version of every `--json` document's shape (docs/json.md). */
const SCHEMA = 1

/** Also of a command line that nobody has taken apart yet. */
export function asksForDocument(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

/** What `--json` prints of a command. */
export function documentText(
  command: string,
  facts: Readonly<Record<string, unknown>>,
  exitCode: number,
): string {
  return `${toSafeJson({ schema: SCHEMA, command, ...facts, exitCode })}\n`
}
