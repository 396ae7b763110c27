import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldName, isReservedName } from '../../src/model/folding.ts'
import { checkKey, isWithin, leadsInto, normalizeScopes } from '../../src/model/path.ts'
import { anyPath } from '../state/entries.ts'

test.each([
  '../x',
  '/etc/x',
  'a/../b',
  'a//b',
  './a',
  'a/.',
  'a/..',
  '..',
  '.',
  '',
  '/',
  '//',
  'a\0b',
  'x'.repeat(256),
  `d/${'é'.repeat(128)}`,
  'lone \ud800 surrogate',
])('%j cannot be a name', (key) => {
  expect(checkKey(key)).toBe('name-unsafe')
})

test.each([
  '.lsync/config.yaml',
  '.lsync',
  'a/.lsync/x',
  'a/.LSYNC/x',
  '.Lsync/',
  // Letters that disks fold to those of the name, and characters that some leave out.
  '.l\u{17f}ync/config.yaml',
  'a/.ls\u{200c}ync/x',
  '\u{feff}.lsync/x',
  '.lsync\u{ad}/x',
])('%j is reserved', (key) => {
  expect(checkKey(key)).toBe('name-reserved')
})

test.each([
  'a',
  'a/b/',
  '...',
  '.lsyncignore',
  '.lsync2/x',
  'lsync/x',
  'a\nb',
  'red \u{1b}[31m',
  'trailing. ',
  'C:\\x',
  'aux.txt',
  `${'x'.repeat(255)}/${'é'.repeat(127)}`,
])('%j is a name like any other', (key) => {
  expect(checkKey(key)).toBeUndefined()
})

test('a key is as good as the worst of its names', () => {
  const name = fc.oneof(
    fc.constantFrom(
      '',
      '.',
      '..',
      '...',
      '.lsync',
      '.LSYNC',
      'lsync',
      '.l\u{17f}ync',
      'a b',
      ' ',
      '~',
    ),
    fc.constantFrom(
      'a\0',
      '\u{7f}',
      'x'.repeat(84),
      'x'.repeat(255),
      'x'.repeat(256),
      'é'.repeat(128),
    ),
    fc.string({ maxLength: 3 }).map((text) => text.replaceAll('/', '')),
  )
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      const key = names.join('/')
      const first = names.map((one) => checkKey(one)).find((problem) => problem !== undefined)
      const expected = key.includes('\0') ? 'name-unsafe' : first
      expect(checkKey(`${key}/`)).toBe(expected)
      if (!key.endsWith('/')) expect(checkKey(key)).toBe(expected)
    }),
    { numRuns: 1000 },
  )
})

test('names fold as disks fold them', () => {
  const mac = { case: true, form: true, rewrites: false }
  for (const [one, other] of [
    ['README', 'readme'],
    ['caf\u{e9}', 'CAFE\u{301}'],
    ['stra\u{df}e', 'STRASSE'],
    ['\u{3c3}', '\u{3c2}'],
    ['\u{212a}', 'k'],
  ] as const)
    expect(foldName(one, mac), one).toBe(foldName(other, mac))
  expect(foldName('a', mac)).not.toBe(foldName('\u{e4}', mac))
  expect(foldName('A', { ...mac, case: false })).toBe('A')
  expect(isReservedName('.lsyncignore')).toBe(false)
})

test('many named paths are told apart as few are', () => {
  const key = fc.tuple(anyPath, fc.constantFrom('', '/')).map(([path, end]) => path + end)
  fc.assert(
    fc.property(
      fc.array(anyPath, { maxLength: 30 }),
      fc.array(key, { maxLength: 20 }),
      (paths, keys) => {
        const scopes = normalizeScopes(paths)
        for (const path of [...keys, ...paths]) {
          const within = (scope: string): boolean => path === scope || path.startsWith(`${scope}/`)
          const leads = (scope: string): boolean => within(scope) || scope.startsWith(`${path}/`)
          expect(isWithin(path, scopes)).toBe(scopes.length === 0 || scopes.some(within))
          expect(isWithin(path, scopes)).toBe(scopes.length === 0 || paths.some(within))
          expect(leadsInto(path, scopes)).toBe(scopes.length === 0 || scopes.some(leads))
        }
        for (const scope of scopes)
          expect(
            scopes.filter((other) => other === scope || other.startsWith(`${scope}/`)),
          ).toEqual([scope])
      },
    ),
    { numRuns: 500 },
  )
})

test('the work does not grow with the square of what is named', () => {
  const paths = Array.from({ length: 20_000 }, (_, index) => `folder/of very many/${index}`)
  const begun = performance.now()
  const scopes = normalizeScopes(paths)
  expect(scopes).toHaveLength(paths.length)
  for (const path of paths) {
    expect(isWithin(`${path}/below`, scopes)).toBe(true)
    expect(leadsInto(`${path}x`, scopes)).toBe(false)
  }
  expect(performance.now() - begun).toBeLessThan(5000)
})
