/**
 * Names come from disks and buckets that anybody may have written to. Nothing of them reaches a terminal raw: control characters (escape
 * sequences, newlines), characters that turn the reading direction, and lone surrogates are shown as escapes.
 */
export function escapeName(name: string): string {
  return name.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code <= 0xff) return NAMED[character] ?? `\\x${code.toString(16).padStart(2, '0')}`
    return `\\u{${code.toString(16)}}`
  })
}

const NAMED: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
}

// C0 and C1 controls, DEL, the backslash itself (so that escapes cannot be faked), zero-width and bidirectional marks, separators, surrogates.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- it is what this is about
  /[\u0000-\u001F\u007F-\u009F\\\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uD800-\uDFFF]/gu
