import { toSafeJson } from './escape.ts'

/** The version of every `--json` document's shape (docs/json.md). */
const SCHEMA = 1

/** What `--json` prints of a command. */
export function documentText(
  command: string,
  facts: Readonly<Record<string, unknown>>,
  exitCode: number,
): string {
  return `${toSafeJson({ schema: SCHEMA, command, ...facts, exitCode })}\n`
}
