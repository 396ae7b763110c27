import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { IgnoreRules, RULE_FILE } from '../../src/decide/ignore.ts'
import { Random } from '../whole-engine/random.ts'

const root = mkdtempSync(join(tmpdir(), 'lsync-ignore-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function rules(
  files: Readonly<Record<string, string>>,
  settings: { readonly ignore?: readonly string[]; readonly only?: readonly string[] } = {},
): IgnoreRules {
  const all = new IgnoreRules({ ignore: settings.ignore ?? [], only: settings.only ?? [] })
  for (const [folder, text] of Object.entries(files)) all.add(folder, text)
  return all
}

/** What the walk would reach. */
function kept(all: IgnoreRules, paths: readonly string[]): string[] {
  return paths.filter((path) => !all.ignores(path))
}

test.each([
  ['a name at any depth', { '': '*.log' }, 'a.log d/a.log', 'a.txt'],
  ['anchored by a slash in front', { '': '/a' }, 'a a/x', 'd/a'],
  ['anchored by a slash in the middle', { '': 'd/a' }, 'd/a d/a/x', 'e/d/a'],
  ['folders only', { '': 'a/' }, 'a/x d/a/x', 'a d/a'],
  ['the last line that matches decides', { '': '*.log\n!keep.log' }, 'a.log', 'keep.log'],
  ['nothing below an ignored folder comes back', { '': 'd/\n!d/x' }, 'd/x d/y', 'x'],
  ['but what is ignored by itself does', { '': 'd/*\n!d/x' }, 'd/y d/z/x', 'd/x'],
  [
    'a file is relative to its folder',
    { d: '/a\n*.log' },
    'd/a d/x.log d/e/x.log',
    'a x.log d/e/a',
  ],
  ['a deeper file overrides', { '': '*.log', d: '!*.log' }, 'a.log e/a.log', 'd/a.log d/e/a.log'],
  ['but not an ignored folder above it', { '': 'd/', d: '!*' }, 'd/x', 'e/x'],
  ['its folder taken back, content and all', { '': 'e', d: '!e' }, 'e/x', 'd/e d/e/x'],
  ['a folder with special characters', { 'd[*]': 'x' }, 'd[*]/x', 'dd/x d*/x'],
  ['comments, blank lines, line ends of Windows', { '': '# no\r\n\r\nx\r\n' }, 'x', 'y'],
  ['escapes', { d: String.raw`\#x` + '\n' + String.raw`\!y` }, 'd/#x d/!y', 'd/x d/y'],
  ['a mark of the byte order', { '': '\u{FEFF}x' }, 'x', 'y'],
  ['lines that say nothing in a folder', { d: '/\n!\n!/\n  \n' }, '', 'd/x'],
  ['case counts', { '': '*.JPG' }, 'a.JPG', 'a.jpg'],
  ['junk by default', {}, '.DS_Store d/Thumbs.db d/x.part ~$a.docx .~lock.a.odt#', 'x.parts'],
  ['junk can be wanted', { '': '!*.part', d: '*.part' }, 'd/x.part', 'x.part e/x.part'],
  ['the rules themselves are synced', { '': '*.log' }, '', '.lsyncignore d/.lsyncignore'],
])('%s', (_, files, ignored, synced) => {
  const all = rules(files)
  const split = (paths: string): string[] => paths.split(' ').filter((path) => path !== '')
  expect(kept(all, split(ignored))).toEqual([])
  expect(kept(all, split(synced))).toEqual(split(synced))
})

test('lines of the configuration come before those of files', () => {
  const all = rules({ '': '!keep.log' }, { ignore: ['*.log', '/build'] })
  expect(kept(all, ['a.log', 'build/x', 'keep.log', 'd/build/x'])).toEqual([
    'keep.log',
    'd/build/x',
  ])
})

test('a selective clone knows the named paths, and the rule files on the way', () => {
  const all = rules({ '': '*.log' }, { only: ['docs', 'src/lib/a.ts'] })
  const paths = [
    'docs',
    'docs/x',
    'docs/x.log',
    'doc',
    'src/',
    'src/x',
    'src/lib/a.ts',
    'src/lib/b',
  ]
  expect(kept(all, paths)).toEqual(['docs', 'docs/x', 'src/lib/a.ts'])
  expect(kept(all, ['.lsyncignore', 'src/.lsyncignore', 'other/.lsyncignore'])).toEqual([
    '.lsyncignore',
    'src/.lsyncignore',
  ])
  expect(
    ['docs', 'docs/e', 'src', 'src/lib', 'src/other', 'o'].filter((d) => all.enters(d)),
  ).toEqual(['docs', 'docs/e', 'src', 'src/lib'])
})

test.each([
  ['many ** in a line', `${'a/**/'.repeat(8)}b`, { line: 1, reason: 'more than three \\*\\*' }],
  ['the same, not next to each other', `x\n!${'***/a/'.repeat(4)}`, { line: 2, reason: 'three' }],
  ['a line without end', 'x'.repeat(30_000), { line: 1, reason: 'characters' }],
  ['lines without end', 'x\n'.repeat(40_000), { line: 30_001, reason: 'one rule too many' }],
  ['too many with **', 'a/**/b\n'.repeat(1501), { line: 1501, reason: 'counts for 20' }],
])('what would take without end is not taken in: %s', (_, text, { line, reason }) => {
  const all = rules({})
  expect(all.add('', text)).toEqual({ line, reason: expect.stringMatching(reason) })
  expect(all.ignores('a/b')).toBe(false)
})

test('what people write is taken in, and those above count as well', () => {
  const all = rules({})
  const lines = [
    '**/build/**/*',
    '**/node_modules/**',
    '!docs/**',
    'a/**/b/**/c',
    '# a/**/a/**/a/**/',
  ]
  for (let index = 0; index < 30; index++)
    lines.push(`**/d${index}/**/*.o`, `*.${index}`, `/x${index}`)
  expect(all.add('', lines.join('\n'))).toBeUndefined()
  expect(all.add('d', 'a/**/b/**/c\n'.repeat(30))).toBeUndefined()
  expect(all.add('d/e', 'a/**/b/**/c\n'.repeat(30))).toMatchObject({ line: 14 })
  expect(kept(all, ['build/x', 'a/x/b/y/c', 'd/a/b/c', 'd/e/a/b/c'])).toEqual(['d/e/a/b/c'])
  // A path that is made to try them all.
  const deep = `${'a/'.repeat(500)}d`
  const begun = performance.now()
  expect(all.ignores(deep)).toBe(false)
  expect(performance.now() - begun).toBeLessThan(5000)
})

const NAMES = ['a', 'b', 'c', 'a.b', 'b c', '[a]', '!c', '#a']
const PARTS = [
  'a',
  'b',
  'c',
  '*',
  '**',
  '?',
  '*.b',
  'a*',
  '[ab]',
  '[!a]',
  String.raw`\[a]`,
  'b c',
  'b ',
]

function randomLine(random: Random): string {
  const parts = Array.from({ length: 1 + random.below(3) }, () => random.pick(PARTS))
  return (
    (random.chance(0.35) ? '!' : '') +
    (random.chance(0.3) ? '/' : '') +
    parts.join('/') +
    (random.chance(0.3) ? '/' : '')
  )
}

test('agrees with git about random rules in random trees', () => {
  execFileSync('git', ['init', '-q', root])
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed)
    const tree = join(root, String(seed))
    const files = new Set<string>()
    for (let index = 0; index < 25; index++) {
      const segments = Array.from({ length: 1 + random.below(4) }, () => random.pick(NAMES))
      const path = segments.join('/')
      if ([...files].some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`)))
        continue
      files.add(path)
    }
    const folders = new Set([
      '',
      ...[...files].map((path) => dirname(path)).filter((d) => d !== '.'),
    ])
    const texts: Record<string, string> = {}
    for (const folder of [...folders].toSorted())
      if (folder === '' || random.chance(0.3))
        texts[folder] = Array.from({ length: 1 + random.below(3) }, () => randomLine(random)).join(
          '\n',
        )
    for (const path of files) {
      mkdirSync(join(tree, dirname(path)), { recursive: true })
      writeFileSync(join(tree, path), '')
    }
    for (const [folder, text] of Object.entries(texts))
      writeFileSync(join(tree, folder, RULE_FILE), text)
    const git = execFileSync(
      'git',
      ['ls-files', '--others', '-z', `--exclude-per-directory=${RULE_FILE}`],
      { cwd: tree, encoding: 'utf8' },
    )
      .split('\0')
      .filter((path) => files.has(path))
    expect({ seed, texts, kept: kept(rules(texts), [...files].toSorted()) }).toEqual({
      seed,
      texts,
      kept: git.toSorted(),
    })
  }
})
