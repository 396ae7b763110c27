import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunReport } from '../../src/index.ts'
import { clones } from './two-clones.ts'

type Tree = Readonly<Record<string, string>>

/** Two clones that hold the same files. */
async function pair(tree: Tree) {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  for (const [path, text] of Object.entries(tree)) write(a, path, text)
  await both.sync(0)
  await both.sync(1)
  const keys = (): readonly string[] =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  /** Both sync until nothing is left to do, and hold what the remote holds. */
  const settle = async (): Promise<Tree> => {
    for (const index of [0, 1, 0, 1]) await both.sync(index)
    for (const index of [0, 1]) expect(work(await both.sync(index))).toBe(0)
    const here = treeOf(a)
    expect(treeOf(b)).toEqual(here)
    expect(keys()).toEqual(Object.keys(here).toSorted())
    return here
  }
  return { ...both, a, b, keys, settle, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function move(folder: string, from: string, to: string): void {
  mkdirSync(dirname(join(folder, to)), { recursive: true })
  renameSync(join(folder, from), join(folder, to))
}

function treeOf(folder: string): Tree {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('.lsync/'))
  return Object.fromEntries(
    files.toSorted().map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  )
}

function work({ totals, conflicts }: RunReport): number {
  const { uploaded, downloaded, removedLocally, removedRemotely, moved } = totals
  return (
    uploaded.files + downloaded.files + removedLocally + removedRemotely + moved + conflicts.length
  )
}

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

describe('renames that meet another change lose nothing', () => {
  interface Case {
    readonly start: Tree
    readonly here: (folder: string) => void
    readonly there: (folder: string) => void
    /** In the end; conflict copies are named by what they hold. */
    readonly contents: readonly string[]
    readonly conflict?: string
  }
  const cases: Readonly<Record<string, Case>> = {
    'edited there under the old name': {
      start: { old: 'content', other: 'o' },
      here: (a) => move(a, 'old', 'new'),
      there: (b) => write(b, 'old', 'edited by b'),
      contents: ['content', 'edited by b', 'o'],
    },
    'removed there': {
      start: { old: 'content', other: 'o' },
      here: (a) => move(a, 'old', 'new'),
      there: (b) => rmSync(join(b, 'old')),
      contents: ['content', 'o'],
    },
    'renamed there to another name': {
      start: { old: 'content', other: 'o' },
      here: (a) => move(a, 'old', 'new'),
      there: (b) => move(b, 'old', 'newer'),
      contents: ['content', 'content', 'o'],
    },
    'renamed alike': {
      start: { old: 'content', other: 'o' },
      here: (a) => move(a, 'old', 'new'),
      there: (b) => move(b, 'old', 'new'),
      contents: ['content', 'o'],
    },
    'the new name taken there': {
      start: { old: 'content', other: 'o' },
      here: (a) => move(a, 'old', 'new'),
      there: (b) => write(b, 'new', 'of b'),
      contents: ['content', 'o', 'of b'],
      conflict: 'new',
    },
    'another file renamed onto the same name there': {
      start: { one: 'first', two: 'second', other: 'o' },
      here: (a) => move(a, 'one', 'new'),
      there: (b) => move(b, 'two', 'new'),
      contents: ['first', 'o', 'second'],
      conflict: 'new',
    },
    'moved over another file': {
      start: { one: 'first', two: 'second', other: 'o' },
      here: (a) => move(a, 'one', 'two'),
      there: () => undefined,
      contents: ['first', 'o'],
    },
    'moved over another file that was edited there': {
      start: { one: 'first', two: 'second', other: 'o' },
      here: (a) => move(a, 'one', 'two'),
      there: (b) => write(b, 'two', 'edited by b'),
      contents: ['edited by b', 'first', 'o'],
      conflict: 'two',
    },
    'two files that changed places': {
      start: { one: 'first', two: 'second' },
      here: (a) => {
        move(a, 'one', 'x')
        move(a, 'two', 'one')
        move(a, 'x', 'two')
      },
      there: () => undefined,
      contents: ['first', 'second'],
    },
    'two files that changed places on both sides': {
      start: { one: 'first', two: 'second' },
      here: (a) => {
        move(a, 'one', 'x')
        move(a, 'two', 'one')
        move(a, 'x', 'two')
      },
      there: (b) => {
        move(b, 'one', 'x')
        move(b, 'two', 'one')
        move(b, 'x', 'two')
      },
      contents: ['first', 'second'],
    },
    'a circle of three': {
      start: { one: '1', two: '2', three: '3' },
      here: (a) => {
        move(a, 'one', 'x')
        move(a, 'three', 'one')
        move(a, 'two', 'three')
        move(a, 'x', 'two')
      },
      there: () => undefined,
      contents: ['1', '2', '3'],
    },
    'a chain': {
      start: { one: 'first', two: 'second', other: 'o' },
      here: (a) => {
        move(a, 'two', 'three')
        move(a, 'one', 'two')
      },
      there: () => undefined,
      contents: ['first', 'o', 'second'],
    },
    'into a folder of its own name': {
      start: { f: 'content', other: 'o' },
      here: (a) => {
        move(a, 'f', 'x')
        move(a, 'x', 'f/f')
      },
      there: () => undefined,
      contents: ['content', 'o'],
    },
    'out of a folder into its name': {
      start: { 'f/f': 'content', other: 'o' },
      here: (a) => {
        move(a, 'f/f', 'x')
        rmSync(join(a, 'f'), { recursive: true })
        move(a, 'x', 'f')
      },
      there: () => undefined,
      contents: ['content', 'o'],
    },
    'out of a folder whose name another file takes': {
      start: { 'f/f': 'content', other: 'o' },
      here: (a) => {
        move(a, 'f/f', 'g/f')
        rmSync(join(a, 'f'), { recursive: true })
        write(a, 'f', 'new')
      },
      there: () => undefined,
      contents: ['content', 'new', 'o'],
    },
    'a folder into another one that moves into the first': {
      start: { 'd/x': 'x', 'e/y': 'y', other: 'o' },
      here: (a) => move(a, 'd', 'e/d'),
      there: (b) => move(b, 'e', 'd/e'),
      contents: ['o', 'x', 'y'],
    },
    'moved and edited here': {
      start: { old: 'content', other: 'o' },
      here: (a) => {
        move(a, 'old', 'new')
        write(a, 'new', 'edited by a')
      },
      there: () => undefined,
      contents: ['edited by a', 'o'],
    },
    'moved and edited here, edited there': {
      start: { old: 'content', other: 'o' },
      here: (a) => {
        move(a, 'old', 'new')
        write(a, 'new', 'edited by a')
      },
      there: (b) => write(b, 'old', 'edited by b'),
      contents: ['edited by a', 'edited by b', 'o'],
    },
  }
  for (const [name, { start, here, there, contents, conflict }] of Object.entries(cases))
    for (const first of [0, 1])
      test(`${name}, ${first === 0 ? 'the rename' : 'the other'} first`, async () => {
        using c = await pair(start)
        here(c.a)
        there(c.b)
        await c.sync(first)
        const second = await c.sync(1 - first)
        if (conflict !== undefined) {
          expect(second.conflicts.map(({ path }) => path)).toContain(conflict)
          await c.sync(1 - first, { conflict: 'keep-both' })
        }
        const tree = await c.settle()
        expect(Object.values(tree).toSorted()).toEqual(contents)
      })
})
