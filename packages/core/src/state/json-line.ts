/** JSON that is YAML too: what YAML forbids, or its older version takes for a line end, is escaped. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** An item of a YAML list that holds JSON, as one line with its end. */
export function itemLine(value: unknown): string {
  return `- ${jsonLine(value)}\n`
}

/** The object that such a line holds, without its end; undefined where it holds none, or is not whole. */
export function readItem(line: string): Partial<Record<string, unknown>> | undefined {
  if (!line.startsWith('- {')) return undefined
  try {
    const value: Partial<Record<string, unknown>> = JSON.parse(line.slice(2))
    return value
  } catch {
    return undefined
  }
}
