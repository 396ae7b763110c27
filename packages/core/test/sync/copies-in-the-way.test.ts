import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { MemoryObject, StorageErrorCode } from '../../src/provider/index.ts'
import { clones } from './two-clones.ts'

/** By path; what ends in a slash is an empty folder. */
type Tree = Readonly<Record<string, string>>

/** A clone and its remote that held the same, and then became these. */
async function apart(base: Tree, local: Tree, remote: Tree) {
  const clone = await clones(1)
  const [folder = ''] = clone.folders
  const make = (tree: Tree): void => {
    for (const name of readdirSync(folder))
      if (name !== '.lsync') rmSync(join(folder, name), { recursive: true })
    for (const [path, text] of Object.entries(tree)) {
      const place = join(folder, path)
      mkdirSync(path.endsWith('/') ? place : dirname(place), { recursive: true })
      if (!path.endsWith('/')) writeFileSync(place, text)
    }
  }
  make(base)
  await clone.sync(0)
  make(local)
  const objects = clone.store.objects as Map<string, MemoryObject>
  for (const path of Object.keys(base)) if (!(path in remote)) objects.delete(path)
  for (const [path, text] of Object.entries(remote))
    if (base[path] !== text) await clone.put(path, text)
  const keys = () => [...objects.keys()].filter((key) => !key.startsWith('.lsync')).toSorted()
  const read = (path: string): string | undefined =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined
  const sync = async (...paths: readonly string[]) => {
    const { conflicts, problems, totals } = await clone.sync(0, { paths })
    if (paths.length === 0) expect(problems).toEqual([])
    return { conflicts: conflicts.map(({ path }) => path), problems, totals }
  }
  const attempt = () => clone.sync(0).catch(() => undefined)
  return {
    folder,
    keys,
    read,
    attempt,
    refuse: (key: string, code: StorageErrorCode | undefined) => {
      clone.refuse(key, code)
    },
    sync,
    [Symbol.dispose]: () => clone[Symbol.dispose](),
  }
}

test('a last copy in whose place others have a folder is a conflict there, until a person has settled it', async () => {
  using c = await apart({ b: 'one', d: 'one' }, { a: 'two', d: 'one' }, { b: 'one', 'd/a': 'two' })
  for (let round = 0; round < 2; round++) {
    expect((await c.sync()).conflicts).toEqual(['d'])
    expect(c.keys()).toEqual(['a', 'd/a'])
    expect(c.read('d')).toBe('one')
  }
  renameSync(join(c.folder, 'd'), join(c.folder, 'e'))
  expect((await c.sync()).conflicts).toEqual([])
  expect(c.keys()).toEqual(['a', 'd/a', 'e'])
  expect(c.read('d/a')).toBe('two')
})

test('no file is sent above one that stays there until its new place is settled', async () => {
  using c = await apart(
    { 'd/a': 'two' },
    { a: 'two', b: 'one', d: 'one' },
    { a: 'one', 'd/a': 'two' },
  )
  expect((await c.sync()).conflicts).toEqual(['a', 'd'])
  expect(c.keys()).toEqual(['a', 'b', 'd/a'])
  expect((await c.sync()).conflicts).toEqual(['a', 'd'])
  writeFileSync(join(c.folder, 'a'), 'one')
  writeFileSync(join(c.folder, 'z'), 'two')
  expect((await c.sync()).conflicts).toEqual([])
  expect(c.keys()).toEqual(['a', 'b', 'd', 'z'])
})

test('a folder that a last copy comes back to is not empty', async () => {
  using c = await apart(
    { a: 'one', 'd/a': 'one' },
    { a: 'one', 'd/': '' },
    { a: 'two', 'd/a': 'one' },
  )
  await c.sync()
  expect(c.keys()).toEqual(['a', 'd/a'])
  expect(c.read('d/a')).toBe('one')
})

test('a copy that is new here is copy enough', async () => {
  using c = await apart(
    { a: 'one', d: 'one' },
    { a: 'two', b: 'one', d: 'one' },
    { a: 'one', 'd/a': 'two' },
  )
  expect((await c.sync()).conflicts).toEqual([])
  expect(c.keys()).toEqual(['a', 'b', 'd/a'])
})

test('so is one that is new there', async () => {
  using c = await apart({ b: 'one', d: 'one' }, { d: 'one' }, { a: 'one', b: 'one', d: 'two' })
  expect((await c.sync()).totals).toMatchObject({ removedRemotely: 1, downloaded: { files: 2 } })
  expect(c.keys()).toEqual(['a', 'd'])
  expect(c.read('b')).toBe(undefined)
})

test('nothing moves to where something stays that was not named', async () => {
  const base = { a: 'one', 'd/a': 'two' }
  using c = await apart(base, { d: 'one' }, base)
  expect((await c.sync('a')).problems).toMatchObject([
    { path: 'd', code: 'below-a-file' },
    { path: 'a', code: 'kept-for-safety' },
  ])
  expect(c.keys()).toEqual(['a', 'd/a'])
  await c.sync()
  expect(c.keys()).toEqual(['d'])
})

test.each(['server', 'too-large', 'network'] as const)(
  'a copy that was to be kept, and did not get there (%s), is nothing that others removed',
  async (code) => {
    using c = await apart({ a: 'two', b: 'two' }, { 'a/x': 'new', b: 'two' }, { a: 'two' })
    c.refuse('b', code)
    await c.attempt()
    c.refuse('b', undefined)
    await c.sync()
    expect(c.keys()).toEqual(['a/x', 'b'])
    expect(c.read('b')).toBe('two')
  },
)

test('nor is one that was not named, when another one goes that was', async () => {
  const [kept, base] = ['left alone', { d: 'two', e: 'two' }]
  using c = await apart({ ...base, k: kept }, { d: 'two', k: kept }, { e: 'two', k: kept })
  await c.sync('e')
  await c.sync()
  expect(c.keys()).toEqual(['d', 'k'])
  expect(c.read('d')).toBe('two')
})

test('the mark of an empty folder is in the way of nothing that moves there', async () => {
  using c = await apart({ a: 'one', 'd/': '' }, { d: 'one' }, { a: 'one', 'd/': '' })
  expect((await c.sync('a')).problems).toEqual([])
  expect(c.keys()).toContain('d')
  expect(c.keys()).not.toContain('a')
})
