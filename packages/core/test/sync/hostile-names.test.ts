import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { clones } from './two-clones.ts'

const REFUSED: Readonly<Record<string, string>> = {
  '../x': 'name-unsafe',
  './x': 'name-unsafe',
  '/etc/x': 'name-unsafe',
  '/': 'name-unsafe',
  '//': 'name-unsafe',
  'd/../../x': 'name-unsafe',
  'd/./x': 'name-unsafe',
  'd//x': 'name-unsafe',
  '.': 'name-unsafe',
  '..': 'name-unsafe',
  'nul\0x': 'name-unsafe',
  [`segment/${'x'.repeat(256)}`]: 'name-unsafe',
  '.lsync/config.yaml': 'name-reserved',
  '.lsync/trash/x': 'name-reserved',
  'a/.LSYNC/x': 'name-reserved',
  'a/.l\u{17f}ync/config.yaml': 'name-reserved',
  'a/.lsync/mine.txt': 'name-reserved',
  'file/below': 'below-a-file',
  'content/': 'folder-with-content',
}
/** What remotes within this one keep for themselves, told once for each. */
const KEPT = [
  'a/.lsync/repository.yaml',
  'a/.lsync/nested/b.yaml',
  'a/b/.lsync/repository.yaml',
  'a/b/.lsync/store/metadata/x',
  'a/b/.lsync/store/metadata/y',
]
const PROBLEMS = { ...REFUSED, 'a/.lsync': 'remote-within', 'a/b/.lsync': 'remote-within' }
const TAKEN = [
  'file',
  'new\nline',
  'red \u{1b}[31m',
  'trailing. ',
  'd/ ',
  'CON',
  'back\\slash',
  'bidi\u{202e}gnp.exe',
  // 1,024 bytes, as long as S3 allows.
  Array.from({ length: 8 }, () => 'y'.repeat(127)).join('/') + 'z',
]

test.each([
  ['without rules', ''],
  ['beside rules', '*.log\n/build/\n!keep\n'],
])(
  'of what a hostile bucket holds, names come as they are, and the rest harms nothing, %s',
  async (_, rules) => {
    using c = await clones(1)
    const [folder = ''] = c.folders
    if (rules !== '') writeFileSync(join(folder, '.lsyncignore'), rules)
    await c.sync(0)
    const config = readFileSync(join(folder, '.lsync/config.yaml'), 'utf8')
    for (const key of [...Object.keys(REFUSED), ...KEPT, ...TAKEN])
      await c.put(key, `content of ${key}`)
    for (let run = 0; run < 2; run++) {
      const { problems, totals } = await c.sync(0)
      expect(Object.fromEntries(problems.map(({ path, code }) => [path, code]))).toEqual(PROBLEMS)
      expect(problems).toHaveLength(Object.keys(PROBLEMS).length)
      expect(totals.downloaded.files).toBe(run === 0 ? TAKEN.length : 0)
      expect(totals).toMatchObject({ removedRemotely: 0, failed: 0 })
    }
    for (const key of TAKEN)
      expect(readFileSync(join(folder, key), 'utf8')).toBe(`content of ${key}`)
    expect(readFileSync(join(folder, '.lsync/config.yaml'), 'utf8')).toBe(config)
    expect(readdirSync(dirname(folder))).toEqual(['clone0'])
    for (const key of [...Object.keys(REFUSED), ...KEPT])
      expect(c.store.objects.has(key)).toBe(true)
  },
)

test('a local name that is no UTF-8, or reserved, is a problem and nothing else', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  writeFileSync(Buffer.concat([Buffer.from(`${a}/bytes-`), Buffer.from([0xff, 0xfe])]), 'x')
  mkdirSync(join(a, 'd/.LSYNC'), { recursive: true })
  writeFileSync(join(a, 'd/.LSYNC/x'), 'x')
  writeFileSync(join(a, 'd/y'), 'y')
  expect((await c.sync(0)).problems.map(({ code }) => code)).toEqual([
    'name-not-utf8',
    'name-reserved',
  ])
  await c.sync(1)
  expect(readdirSync(join(b, 'd'))).toEqual(['y'])
})

test('what cannot be here is no problem where it is left out', async () => {
  using c = await clones(1)
  const [folder = ''] = c.folders
  await c.put('notes/.lsync/repository.yaml', 'x')
  await c.put('notes/a//b', 'x')
  expect((await c.sync(0)).problems).toHaveLength(2)
  writeFileSync(join(folder, '.lsyncignore'), '/notes/\n')
  expect((await c.sync(0)).problems).toEqual([])
  expect(c.store.objects.has('notes/a//b')).toBe(true)
})
