import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { statusRepository } from '../../src/index.ts'
import { pair, read, write } from './pair.ts'

test('empty folders, the executable bit, and folders that a sync emptied', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'empty'))
  mkdirSync(join(c.a, 'full'))
  write(c.a, 'full/run', '#!')
  write(c.a, 'stays', '')
  await c.sync(0)
  await c.sync(1)
  expect(statSync(join(c.b, 'empty')).isDirectory()).toBe(true)
  chmodSync(join(c.b, 'full/run'), 0o755)
  await c.sync(1)
  await c.sync(0)
  expect(statSync(join(c.a, 'full/run')).mode & 0o111).not.toBe(0)
  rmSync(join(c.a, 'full'), { recursive: true })
  rmSync(join(c.a, 'empty'), { recursive: true })
  await c.sync(0)
  await c.sync(1)
  expect(readdirSync(c.b)).toEqual(['.lsync', 'stays'])
})

test('a file becomes a folder, and back', async () => {
  using c = await pair()
  write(c.a, 'p', 'file')
  await c.sync(0)
  await c.sync(1)
  rmSync(join(c.a, 'p'))
  mkdirSync(join(c.a, 'p'))
  write(c.a, 'p/q', 'below')
  await c.sync(0)
  await c.sync(1)
  expect(read(c.b, 'p/q')).toBe('below')
  rmSync(join(c.b, 'p'), { recursive: true })
  write(c.b, 'p', 'file again')
  await c.sync(1)
  await c.sync(0)
  expect(read(c.a, 'p')).toBe('file again')
})

test('a folder that a dead run left empty is filled, not sent', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'd/e'), { recursive: true })
  write(c.a, 'd/e/f', '1')
  await c.sync(0)
  mkdirSync(join(c.b, 'd/e'), { recursive: true })
  expect((await c.sync(1, { mode: 'push' })).totals).toMatchObject({ uploaded: { files: 0 } })
  expect((await c.sync(1)).totals).toMatchObject({ uploaded: { files: 0 } })
  expect(read(c.b, 'd/e/f')).toBe('1')

  // One that a person emptied and kept is an empty folder.
  rmSync(join(c.b, 'd/e/f'))
  await c.sync(1)
  await c.sync(0)
  expect(readdirSync(join(c.a, 'd/e'))).toEqual([])
})

test.each(['push', 'sync'] as const)(
  'a %s sends no file where others made a folder, nor the reverse',
  async (mode) => {
    using c = await pair()
    write(c.a, 'f', 'a file')
    mkdirSync(join(c.a, 'g'))
    write(c.a, 'g/x', 'in a folder')
    mkdirSync(join(c.b, 'f'))
    write(c.b, 'f/x', 'in a folder')
    write(c.b, 'g', 'a file')
    await c.sync(1)
    const { conflicts } = await c.sync(0, { mode, allow: ['unrelated'] })
    expect(conflicts.map(({ path, kind }) => [path, kind])).toEqual([
      ['f', 'file-folder'],
      ['g', 'file-folder'],
    ])
    expect([...c.store.objects.keys()].toSorted()).toEqual(['.lsync/repository.yaml', 'f/x', 'g'])
  },
)

describe('a path that is named below what is a file there', () => {
  async function replaced(edited: boolean) {
    const c = await pair()
    write(c.a, 'x', 'a file')
    write(c.a, 'other', 'other')
    await c.sync(0)
    await c.sync(1)
    if (edited) write(c.a, 'x', 'edited')
    await c.sync(0)
    rmSync(join(c.b, 'x'))
    mkdirSync(join(c.b, 'x/deep'), { recursive: true })
    write(c.b, 'x/deep/in', 'in a folder')
    return c
  }
  const keys = ({ store }: Pick<Awaited<ReturnType<typeof pair>>, 'store'>) =>
    [...store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  const refused = {
    path: 'x/deep/in',
    code: 'below-a-file',
    detail: 'x is a file there, and was not named',
  }

  test.each([false, true])('is not sent beside it (edited: %s)', async (edited) => {
    using c = await replaced(edited)
    for (const dryRun of [true, false]) {
      const report = await c.sync(1, { paths: ['x/deep'], dryRun })
      expect(report).toMatchObject({ problems: [refused], totals: { uploaded: { files: 0 } } })
      expect(keys(c)).toEqual(['other', 'x'])
    }
    if (edited) return
    await c.sync(1, { paths: ['x'] })
    expect(keys(c)).toEqual(['other', 'x/deep/in'])
  })
  test('nor what was moved there: it stays where it was', async () => {
    using c = await replaced(false)
    renameSync(join(c.b, 'other'), join(c.b, 'x/deep/in'))
    for (const dryRun of [true, false])
      expect(
        (await c.sync(1, { paths: ['other'], dryRun })).problems.map(({ path, code }) => [
          path,
          code,
        ]),
      ).toEqual([
        ['x/deep/in', 'below-a-file'],
        ['other', 'kept-for-safety'],
      ])
    expect(keys(c)).toEqual(['other', 'x'])
  })
  test('nor does that take away what it came from, where a file takes its place', async () => {
    using c = await replaced(false)
    mkdirSync(join(c.b, 'folder'))
    renameSync(join(c.b, 'other'), join(c.b, 'folder/y'))
    await c.sync(1, { paths: ['folder', 'other'] })
    renameSync(join(c.b, 'folder/y'), join(c.b, 'x/deep/in'))
    rmSync(join(c.b, 'folder'), { recursive: true })
    write(c.b, 'folder', 'a file')
    await c.sync(1, { paths: ['folder'] })
    expect(keys(c)).toContain('folder/y')
  })
  test('nor is anything removed elsewhere that it may have come from', async () => {
    using c = await replaced(false)
    rmSync(join(c.b, 'other'))
    write(c.b, 'x/deep/in', 'other, and more')
    const paths = ['other', 'x/deep']
    for (const dryRun of [true, false]) {
      const { problems, totals, events } = await c.sync(1, { paths, dryRun })
      expect(problems.map(({ path, code }) => [path, code])).toEqual([
        ['x/deep/in', 'below-a-file'],
        ['other', 'kept-for-safety'],
      ])
      expect(totals).toMatchObject({ removedRemotely: 0 })
      expect(events).toContainEqual(expect.objectContaining({ type: 'action', result: 'skipped' }))
      expect(keys(c)).toEqual(['other', 'x'])
    }
    const { machine, repository } = await c.at(1)
    const seen = await statusRepository(machine, repository, {
      paths,
      local: false,
      signal: new AbortController().signal,
      onEvent: () => undefined,
    })
    expect(seen.actions).toEqual([])
    expect(seen.problems.map(({ path }) => path)).toEqual(['x/deep/in', 'other'])
  })
  test('nor is it fetched to where a file is here', async () => {
    using c = await replaced(false)
    await c.sync(1)
    write(c.a, 'x', 'edited')
    for (const dryRun of [true, false])
      expect(await c.sync(0, { paths: ['x/deep'], dryRun })).toMatchObject({
        problems: [
          { path: 'x/deep/in', code: 'in-the-way', detail: 'x is no folder, and was not named' },
        ],
        totals: { downloaded: { files: 0 }, failed: 0 },
      })
    expect(read(c.a, 'x')).toBe('edited')
  })
  test('says so where the whole was looked at', async () => {
    using c = await replaced(true)
    rmSync(join(c.b, 'other'))
    const { conflicts } = await c.sync(1, { paths: ['x/deep', 'other'] })
    expect(conflicts.map(({ path, kind }) => [path, kind])).toEqual([['x', 'file-folder']])
  })
})

describe('a path that is named of a folder that became a file of its content', () => {
  const content = 'x'.repeat(1000)
  /** The folder also holds what is not named. */
  async function turned(by: 'a' | 'b') {
    const c = await pair()
    mkdirSync(join(c.a, 'd'))
    write(c.a, 'd/x', content)
    write(c.a, 'd/y', 'y')
    write(c.a, 'stays', 's')
    await c.sync(0)
    await c.sync(1)
    rmSync(join(c[by], 'd'), { recursive: true })
    write(c[by], 'd', content)
    return c
  }
  const detail = (where: string) => `it is a folder ${where}, and not all that is in it was named`

  test('by others: a dry run and a run say that it is in the way', async () => {
    using c = await turned('a')
    await c.sync(0)
    for (const dryRun of [true, false]) {
      const { problems, totals } = await c.sync(1, { paths: ['d/x'], dryRun })
      expect(problems).toEqual([{ path: 'd', code: 'in-the-way', detail: detail('here') }])
      expect(totals).toMatchObject({ moved: 0, failed: 0 })
      expect(read(c.b, 'd/x')).toBe(content)
    }
    expect((await c.sync(1, { paths: ['d'] })).problems).toEqual([])
    expect(read(c.b, 'd')).toBe(content)
  })
  test('here: nothing goes there while the file cannot come', async () => {
    using c = await turned('b')
    for (const dryRun of [true, false]) {
      const { problems, totals } = await c.sync(1, { paths: ['d/x'], dryRun })
      expect(problems).toEqual([
        { path: 'd', code: 'below-a-file', detail: detail('there') },
        { path: 'd/x', code: 'kept-for-safety' },
      ])
      expect(totals).toMatchObject({ removedRemotely: 0, uploaded: { files: 0 } })
      expect([...c.store.objects.keys()]).toContain('d/x')
    }
    expect((await c.sync(1, { paths: ['d'] })).problems).toEqual([])
    expect([...c.store.objects.keys()]).not.toContain('d/x')
  })
})
