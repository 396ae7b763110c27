/** What differs from run to run, or is only words for people: none of it is a promise. */
const LEFT_OUT = new Set(['schema', 'remote', 'version', 'modified', 'mtime', 'message', 'hint'])

/** Documents of single runs, and what was there in the end, as text with one fact a line. */
export function printGolden(
  runs: readonly (readonly [step: string, document: unknown])[],
  end: Readonly<Record<string, unknown>>,
  folder: string,
): string {
  const mask = (text: string): string => masked(text, folder)
  const parts = runs.map(([step, document]) => `${step}\n${block(document, mask)}`)
  return [...parts, `in the end\n${block(end, mask)}`].join('\n')
}

/** Two copies that are made within a second are numbered. */
function masked(text: string, folder: string): string {
  return text
    .replaceAll(folder, '')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d(?: \d)?/g, 'DATE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z(?:-[0-9a-f]+)?/g, 'TIME')
}

function block(value: unknown, mask: (text: string) => string): string {
  const lines: string[] = []
  for (const [key, fact] of Object.entries(value as Record<string, unknown>)) {
    if (LEFT_OUT.has(key)) continue
    if (typeof fact !== 'object' || fact === null)
      lines.push(`  ${key}: ${mask(JSON.stringify(fact))}`)
    else if (Array.isArray(fact)) {
      // Several transfers are under way at once: their order is nobody's promise.
      const items = fact.map((item) => `    ${mask(JSON.stringify(item, leaveOut))}`).toSorted()
      if (items.length > 0) lines.push(`  ${key}:`, ...items)
    } else if (key === 'totals') lines.push(`  ${key}: ${JSON.stringify(fact, leaveZeros)}`)
    else
      lines.push(
        `  ${key}:`,
        ...Object.entries(fact)
          .map(([name, one]) => `    ${mask(JSON.stringify(name))}: ${mask(JSON.stringify(one))}`)
          .toSorted(),
      )
  }
  return `${lines.join('\n')}\n`
}

function leaveOut(key: string, value: unknown): unknown {
  return LEFT_OUT.has(key) ? undefined : value
}

function leaveZeros(_: string, value: unknown): unknown {
  if (value === 0) return undefined
  return typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((one) => one === 0)
    ? undefined
    : value
}
