import { describe, expect, test } from 'vitest'
import { forTerminal, unifiedDifference } from '../../src/compare/difference.ts'
import { hasMarkers, mergeTexts } from '../../src/compare/merge.ts'

const labels = { local: 'here', remote: 'remote' }
const merge = (base: string | undefined, local: string, remote: string) =>
  mergeTexts(base, local, remote, labels)

describe('merging by lines', () => {
  test('changes at different places are both kept', () => {
    expect(merge('1\n2\n3\n4\n5\n', 'one\n2\n3\n4\n5\n', '1\n2\n3\n4\nfive\nsix\n')).toEqual({
      text: 'one\n2\n3\n4\nfive\nsix\n',
      overlaps: 0,
    })
  })
  test('the same change on both sides is no overlap', () => {
    expect(merge('a\nb\n', 'a\nB\n', 'a\nB\n')).toEqual({ text: 'a\nB\n', overlaps: 0 })
  })
  test('different changes of the same lines stand between markers', () => {
    const { text, overlaps } = merge('a\nb\nc\n', 'a\nmine\nc\n', 'a\ntheirs\nc\n')
    expect(overlaps).toBe(1)
    expect(text).toBe('a\n<<<<<<< here\nmine\n=======\ntheirs\n>>>>>>> remote\nc\n')
    expect(hasMarkers(text)).toBe(true)
  })
  test('without a base every difference is an overlap', () => {
    const { text, overlaps } = merge(undefined, 'same\nmine\n', 'same\ntheirs\n')
    expect(overlaps).toBe(1)
    expect(text).toMatch(/^same\n<<<<<<< here\nmine\n/)
    expect(merge(undefined, 'same\n', 'same\n')).toEqual({ text: 'same\n', overlaps: 0 })
  })
  test.each([
    [
      'line ends of Windows',
      'a\r\nb\r\nc\r\n',
      'A\r\nb\r\nc\r\n',
      'a\r\nb\r\nC\r\n',
      'A\r\nb\r\nC\r\n',
    ],
    ['no last line end', 'a\nb\nc', 'A\nb\nc', 'a\nb\nc', 'A\nb\nc'],
    ['a line end that only one side has', 'a\nb\nc', 'A\nb\nc', 'a\nb\nc\n', 'A\nb\nc\n'],
    [
      'lines with names of JavaScript',
      '__proto__\nconstructor\nx',
      '__proto__\nconstructor\ny',
      '__proto__\nconstructor\nx',
      '__proto__\nconstructor\ny',
    ],
  ])('%s stay as they are', (_, base, local, remote, text) => {
    expect(merge(base, local, remote)).toEqual({ text, overlaps: 0 })
  })
  test('a heading underlined with equal signs is no marker', () => {
    expect(hasMarkers('Title\n=======\n')).toBe(false)
  })
})

describe('the difference', () => {
  const between = (from: string, to: string) =>
    unifiedDifference('d/n.txt', { side: 'remote', text: from }, { side: 'local', text: to })
  test('has the form of diff -u', () => {
    expect(between('1\n2\n3\n', '1\ntwo\n3\n')).toEqual([
      '--- remote/d/n.txt',
      '+++ local/d/n.txt',
      '@@ -1,3 +1,3 @@',
      ' 1',
      '-2',
      '+two',
      ' 3',
    ])
    expect(between('a', 'a\n')).toContain(String.raw`\ No newline at end of file`)
    expect(between('same', 'same')).toEqual([])
  })
  test('reaches no terminal raw, neither name nor content', () => {
    const lines = unifiedDifference(
      'x\u001B[2J',
      { side: 'remote', text: 'a\u001B]0;\u0007\n' },
      { side: 'local', text: 'a\tb\\c\n' },
    )
    const shown = forTerminal(lines ?? [], false)
    expect(shown.join('')).not.toMatch(/[^\P{Cc}\t]/u)
    expect(shown).toContain('+a\tb\\c')
  })
})
