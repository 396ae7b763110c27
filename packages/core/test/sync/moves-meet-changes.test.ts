import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { StorageError } from '../../src/index.ts'
import { move, pair, type Tree, write } from './alike-clones.ts'

test.each([1, 2])(
  'where a conflict at the new name is settled for the remote in run %i, the old object goes in it',
  async (run) => {
    using c = await pair({ old: 'content', other: 'o' })
    move(c.a, 'old', 'new')
    write(c.b, 'new', 'of b')
    await c.sync(1)
    // Until then it stays.
    if (run === 2) {
      await c.sync(0)
      expect(c.keys()).toEqual(['new', 'old', 'other'])
    }
    const foreseen = await c.sync(0, { conflict: 'remote', dryRun: true })
    expect(foreseen.totals).toMatchObject({ removedRemotely: 1, downloaded: { files: 1 } })
    const report = await c.sync(0, { conflict: 'remote' })
    expect(report.totals).toEqual(foreseen.totals)
    expect(c.keys()).toEqual(['new', 'other'])
    expect(await c.settle()).toEqual({ new: 'of b', other: 'o' })
  },
)

test('the old object stays where what the conflict is settled for does not come', async () => {
  let isFailing = false
  using c = await pair(
    { old: 'content', other: 'o' },
    {
      around: (provider) => ({
        ...provider,
        read: async (key, options) => {
          if (isFailing && key === 'new') throw new StorageError('unreadable', 'failed', { key })
          return provider.read(key, options)
        },
      }),
    },
  )
  move(c.a, 'old', 'new')
  write(c.b, 'new', 'of b')
  await c.sync(1)
  isFailing = true
  const { problems } = await c.sync(0, { conflict: 'remote' })
  expect(problems.map(({ path }) => path).toSorted()).toEqual(['new', 'old'])
  expect(c.keys()).toEqual(['new', 'old', 'other'])
  isFailing = false
  await c.sync(0, { conflict: 'remote' })
  expect(await c.settle()).toEqual({ new: 'of b', other: 'o' })
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
