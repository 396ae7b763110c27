/**
 * Names come from disks and buckets that anybody may have written to. Nothing of them reaches a terminal raw: control characters (escape
 * sequences, newlines), characters that nobody sees or that turn the reading direction, and lone surrogates are shown as escapes.
 */
export function escapeName(name: string): string {
  return name.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code <= 0xff) return NAMED[character] ?? `\\x${code.toString(16).padStart(2, '0')}`
    return `\\u{${code.toString(16)}}`
  })
}

/** As `escapeName`, for text of several lines that is not a name, such as oclif's own messages. */
export function escapeText(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line.replaceAll(UNSAFE, (character) => (character === '\\' ? '\\' : escapeName(character))),
    )
    .join('\n')
}

/** A JSON document that may be printed on a terminal: the same value, with unsafe characters in JSON's own escapes. */
export function toSafeJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(UNSAFE, (character) =>
    character === '\\' || character === '\n'
      ? character
      : Array.from(
          { length: character.length },
          (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
        ).join(''),
  )
}

const NAMED: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
}

// Controls (C0, C1, DEL), format characters (bidirectional marks, zero-width ones, tags), line and paragraph separators, surrogates, and the
// backslash itself, so that escapes cannot be faked.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/gu
