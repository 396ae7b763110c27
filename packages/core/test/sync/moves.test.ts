import { existsSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskError, nodeDisk, type ObjectInfo } from '../../src/index.ts'
import { move, pair, treeOf, write } from './alike-clones.ts'
import { clones } from './two-clones.ts'

const { signal } = new AbortController()

const NOTHING_SENT = {
  uploaded: { files: 0, bytes: 0 },
  downloaded: { files: 0, bytes: 0 },
  removedLocally: 0,
  removedRemotely: 0,
}

test('a renamed file is copied on the remote, and renamed by the other clone', async () => {
  using c = await pair({ 'd/old.txt': 'content', 'd/stays': 's', other: 'o' })
  const { ino } = statSync(join(c.b, 'd/old.txt'))
  move(c.a, 'd/old.txt', 'e/new.txt')
  expect((await c.sync(0)).totals).toMatchObject({ ...NOTHING_SENT, moved: 1 })
  expect(c.keys()).toEqual(['d/stays', 'e/new.txt', 'other'])
  expect((await c.sync(1)).totals).toMatchObject({ ...NOTHING_SENT, moved: 1 })
  expect(statSync(join(c.b, 'e/new.txt')).ino).toBe(ino)
  expect(await c.settle()).toEqual({ 'd/stays': 's', 'e/new.txt': 'content', other: 'o' })
})

test('a renamed folder moves whole, with what the other side put into it meanwhile', async () => {
  using c = await pair({ 'd/a': 'a', 'd/b/c': 'c', 'd/b/e': 'e', other: 'o' })
  move(c.a, 'd', 'n')
  write(c.b, 'd/b/new', 'new')
  expect((await c.sync(0)).totals).toMatchObject({ ...NOTHING_SENT, moved: 3 })
  expect((await c.sync(1)).totals).toMatchObject({
    moved: 3,
    uploaded: { files: 1 },
    downloaded: { files: 0 },
  })
  expect(await c.settle()).toEqual({
    'd/b/new': 'new',
    'n/a': 'a',
    'n/b/c': 'c',
    'n/b/e': 'e',
    other: 'o',
  })
})

test('several files of one content keep together by name, whatever the order', async () => {
  using c = await pair({ 'd/1': 'same', 'd/2': 'same', 'd/3': 'same' })
  move(c.a, 'd', 'n')
  rmSync(join(c.a, 'n/2'))
  const report = await c.sync(0)
  expect(report.totals).toMatchObject({ moved: 2, removedRemotely: 1, uploaded: { files: 0 } })
  const moved = report.events.flatMap((event) =>
    event.type === 'action' && event.action.kind === 'upload'
      ? [[event.action.moved?.key, event.action.path]]
      : [],
  )
  expect(moved).toEqual([
    ['d/1', 'n/1'],
    ['d/3', 'n/3'],
  ])
  expect(await c.settle()).toEqual({ 'n/1': 'same', 'n/3': 'same' })
})

test('empty files never move: they are all alike', async () => {
  using c = await pair({ old: '', other: 'o' })
  move(c.a, 'old', 'new')
  expect((await c.sync(0)).totals).toMatchObject({
    moved: 0,
    uploaded: { files: 1 },
    removedRemotely: 1,
  })
})

test('a mere change of case is a move', async () => {
  using c = await pair({ 'Read.me': 'content' })
  move(c.a, 'Read.me', 'READ.me')
  expect((await c.sync(0)).totals).toMatchObject({ ...NOTHING_SENT, moved: 1 })
  expect((await c.sync(1)).totals).toMatchObject({ ...NOTHING_SENT, moved: 1 })
  expect(await c.settle()).toEqual({ 'READ.me': 'content' })
})

test('a move keeps what the person did to the file besides, and brings times along', async () => {
  using c = await pair({ old: 'content' })
  move(c.a, 'old', 'new')
  utimesSync(join(c.a, 'new'), 1_000_000, 1_000_000)
  await c.sync(0)
  await c.sync(1)
  expect(statSync(join(c.b, 'new')).mtimeMs).toBe(1_000_000_000)
})

test('many renames are no mass removal', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `f${index}`)
  using c = await pair(Object.fromEntries(names.map((name) => [`d/${name}`, `content of ${name}`])))
  move(c.a, 'd', 'n')
  expect(await c.sync(0)).toMatchObject({ halted: [], totals: { moved: 20 } })
  expect(await c.sync(1)).toMatchObject({ halted: [], totals: { moved: 20 } })
})

test('a push tells the move, a pull follows it', async () => {
  using c = await pair({ old: 'content', other: 'o' })
  move(c.a, 'old', 'new')
  expect((await c.sync(0, { mode: 'pull' })).totals.moved).toBe(0)
  expect((await c.sync(0, { mode: 'push' })).totals.moved).toBe(1)
  expect((await c.sync(1, { mode: 'push' })).totals.moved).toBe(0)
  expect((await c.sync(1, { mode: 'pull' })).totals.moved).toBe(1)
  expect(await c.settle()).toEqual({ new: 'content', other: 'o' })
})

test.each([['old'], ['new']])('a sync of %s alone takes both ends of the move', async (named) => {
  using c = await pair({ 'd/x': 'content', 'd/y': 'y', other: 'o' })
  move(c.a, 'd/x', 'e/x')
  const path = named === 'old' ? 'd' : 'e'
  await c.sync(0, { paths: [path] })
  expect(c.keys()).toContain('e/x')
  await c.sync(1, { paths: [path] })
  expect(await c.settle()).toEqual({ 'd/y': 'y', 'e/x': 'content', other: 'o' })
})

test.each([
  ['the tree', (folder: string) => write(folder, 'copy', 'content')],
  [
    'the trash',
    (folder: string) => {
      rmSync(join(folder, 'old'))
      return 'old'
    },
  ],
])('content that is in %s already is not fetched', async (place, act) => {
  using c = await pair({ old: 'content', other: 'o' })
  act(c.a)
  await c.sync(0)
  if (place === 'the trash') {
    await c.sync(1)
    write(c.a, 'copy', 'content')
    await c.sync(0)
  }
  const report = await c.sync(1)
  expect(readFileSync(join(c.b, 'copy'), 'utf8')).toBe('content')
  expect(report.events.filter(({ type }) => type === 'bytes')).toEqual([])
})

test('two files that changed places are not fetched by the other clone', async () => {
  using c = await pair({ one: 'first', two: 'again' })
  move(c.a, 'one', 'x')
  move(c.a, 'two', 'one')
  move(c.a, 'x', 'two')
  await c.sync(0)
  const report = await c.sync(1)
  expect(treeOf(c.b)).toEqual({ one: 'again', two: 'first' })
  expect(report.events.filter(({ type }) => type === 'bytes')).toEqual([])
})

test.each([1, 8])(
  'files that take the names of the folders that others of them leave, by %i at once',
  async (jobs) => {
    using c = await pair({ 'd/one': 'first', 'e/in/two': 'again', other: 'o' })
    move(c.a, 'd/one', 'x')
    move(c.a, 'e/in/two', 'y')
    rmSync(join(c.a, 'd'), { recursive: true })
    rmSync(join(c.a, 'e'), { recursive: true })
    move(c.a, 'x', 'e')
    move(c.a, 'y', 'd')
    await c.sync(0)
    const report = await c.sync(1, { jobs })
    expect(report).toMatchObject({ problems: [], totals: { ...NOTHING_SENT, moved: 2 } })
    expect(await c.settle()).toEqual({ d: 'again', e: 'first', other: 'o' })
  },
)

test.each(['is saved anew', 'is interrupted'])(
  'of files that would change places with folders none stays away where one %s',
  async (how) => {
    const stop = new AbortController()
    const act = (root: string): void => {
      if (how === 'is interrupted') stop.abort(new Error('interrupted'))
      else write(root, 'd/one', 'saved meanwhile')
    }
    let isActing = false
    using c = await clones(2, {
      openDisk(root) {
        const disk = nodeDisk(root)
        return {
          ...disk,
          async rename(from, to, options) {
            await disk.rename(from, to, options)
            if (isActing && from === 'e/two') act(root)
          },
        }
      },
    })
    const [a = '', b = ''] = c.folders
    write(a, 'd/one', 'first')
    write(a, 'e/two', 'again')
    await c.sync(0)
    await c.sync(1)
    move(a, 'd', 'x')
    move(a, 'e', 'y')
    move(a, 'x/one', 'e')
    move(a, 'y/two', 'd')
    rmSync(join(a, 'x'), { recursive: true })
    rmSync(join(a, 'y'), { recursive: true })
    await c.sync(0)
    isActing = true
    const ended = await c.sync(1, { jobs: 1, signal: stop.signal }).catch(() => 'interrupted')
    isActing = false
    if (how === 'is interrupted') {
      expect(ended).toBe('interrupted')
      expect(treeOf(b)).toEqual({ 'd/one': 'first', 'e/two': 'again' })
      await c.sync(1)
      expect(treeOf(b)).toEqual({ d: 'again', e: 'first' })
    } else expect(treeOf(b)).toEqual({ 'd/one': 'saved meanwhile', 'e/two': 'again' })
  },
)

test('what another tool renamed on a store that knows no sha256 is renamed here, and each file read once for that', async () => {
  const hidden = <T extends ObjectInfo | undefined>(info: T): T =>
    info === undefined ? info : { ...info, digests: { md5: info.digests.md5 } }
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      async *list(range, options) {
        for await (const page of provider.list(range, options)) yield page.map(hidden)
      },
      head: async (key, options) => hidden(await provider.head(key, options)),
      write: async (key, source, options) => hidden(await provider.write(key, source, options)),
    }),
  })
  const [a = ''] = c.folders
  const contents = Array.from({ length: 40 }, (_, index) => `content ${index + 10}`)
  for (const [index, content] of contents.entries()) write(a, `old/${index}`, content)
  await c.sync(0)
  for (const [index, content] of contents.entries()) {
    await c.put(`new/${39 - index}`, content)
    const { version = '' } = c.store.objects.get(`old/${index}`) ?? {}
    await c.store.open().remove(`old/${index}`, { signal, expect: version })
  }
  const { totals, events } = await c.sync(0)
  expect(totals).toMatchObject({ ...NOTHING_SENT, moved: 40 })
  const hashed = events.flatMap((event) => (event.type === 'hashed' ? [event.files] : []))
  expect(Math.max(...hashed)).toBe(40)
  for (const [index, content] of contents.entries())
    expect(readFileSync(join(a, `new/${39 - index}`), 'utf8')).toBe(content)
})

test.each(['cannot be flushed', 'are interrupted'])(
  'folders that moves emptied are gone also where these %s: they must not read as made empty by a person',
  async (how) => {
    const stop = new AbortController()
    let isFailing = false
    using c = await clones(2, {
      openDisk(root) {
        const disk = nodeDisk(root)
        return {
          ...disk,
          async rename(from, to, options) {
            await disk.rename(from, to, options)
            if (isFailing && how === 'are interrupted' && to === 'n/b')
              stop.abort(new Error('failed'))
          },
          async flush(paths) {
            if (isFailing && paths.includes('n/a')) throw new DiskError('io', 'n/a', 'failed')
            return disk.flush(paths)
          },
        }
      },
    })
    const [a = '', b = ''] = c.folders
    for (const name of ['a', 'b']) write(a, `d/${name}`, `content of ${name}`)
    await c.sync(0)
    await c.sync(1)
    move(a, 'd', 'n')
    await c.sync(0)
    isFailing = true
    await expect(c.sync(1, { jobs: 1, signal: stop.signal })).rejects.toThrow('failed')
    isFailing = false
    await c.sync(1)
    expect(existsSync(join(b, 'd'))).toBe(false)
    expect([...c.store.objects.keys()].filter((key) => key.startsWith('d'))).toEqual([])
  },
)
