import { expect, test } from 'vitest'
import { escapeName, escapeText, toSafeJson } from '../../src/render/escape.ts'

const HOSTILE: readonly (readonly [what: string, name: string, shown: string])[] = [
  ['a newline', 'a\nupload b', 'a\\nupload b'],
  ['a carriage return', 'a\rb', 'a\\rb'],
  ['a tab', 'a\tb', 'a\\tb'],
  ['a colour', '\u001B[31mred', '\\x1b[31mred'],
  ['a title', '\u001B]0;title\u0007', '\\x1b]0;title\\x07'],
  ['a control sequence of eight bits', '\u009B2J', '\\x9b2J'],
  ['backspaces', 'a\b\b', 'a\\x08\\x08'],
  ['DEL', 'a\u007F', 'a\\x7f'],
  ['NUL', 'a\0', 'a\\x00'],
  ['a name that reads backwards', 'exe\u202Egpj.txt', 'exe\\u{202e}gpj.txt'],
  ['an isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['an Arabic letter mark', '\u061Ca', '\\u{61c}a'],
  ['nothing to see', 'a\u200Bb', 'a\\u{200b}b'],
  ['a soft hyphen', 'a\u00ADb', 'a\\xadb'],
  ['a mark of byte order', '\uFEFFa', '\\u{feff}a'],
  ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['a tag beyond the basic plane', 'a\u{E0041}', 'a\\u{e0041}'],
  ['half a surrogate', 'a\uD83D', 'a\\u{d83d}'],
  ['a faked escape', 'a\\nb', 'a\\\\nb'],
]

test.each(HOSTILE)('%s does not reach the terminal', (_, name, shown) => {
  expect(escapeName(name)).toBe(shown)
})

test('ordinary names of the world stay as they are', () => {
  const names = ['résumé (1).txt', '写真.jpg', 'имя', '😀', "it's #1 & $HOME", 'e\u0301']
  expect(names.map(escapeName)).toEqual(names)
})

test('no hostile character is left, whatever the place', () => {
  for (const [, name] of HOSTILE) {
    for (const text of [escapeName(name), escapeText(name), toSafeJson({ [name]: name })]) {
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    }
  }
})

test('a safe document says the same', () => {
  const value = Object.fromEntries(HOSTILE.map(([what, name]) => [what, name]))
  expect(JSON.parse(toSafeJson(value))).toEqual(value)
})

test('text of several lines keeps its lines and its backslashes', () => {
  expect(escapeText('a\\b\nc\u001B[2J')).toBe('a\\b\nc\\x1b[2J')
})
