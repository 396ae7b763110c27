/**
 * A word of a command that a person may paste into a shell (bash, zsh): with quotes where it needs them, and never raw on a terminal.
 */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word
  if (!UNSEEN.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`
  return `$'${word.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll(new RegExp(UNSEEN, 'gu'), escaped)}'`
}

/** No shell takes any of it for something else. */
const PLAIN = /^[\p{L}\p{N}_@:,./-][\p{L}\p{M}\p{N}_@%+=:,./-]*$/u
/** As `escapeName` has it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
}
