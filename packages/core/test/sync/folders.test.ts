import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiskError, nodeDisk } from '../../src/index.ts'
import { textSource } from '../../src/sync/small-object.ts'
import { clones } from './two-clones.ts'

const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const { signal } = new AbortController()

async function pair() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  write(a, 'd/x', 'x')
  write(a, 'other', 'other')
  await both.sync(0)
  await both.sync(1)
  const keys = () =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync')).toSorted()
  const put = (key: string, text: string) =>
    both.store.open().write(key, textSource(text), {
      signal,
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
  return { ...both, a, b, keys, put, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('junk goes with its folder, into the trash', async () => {
  using c = await pair()
  write(c.b, 'd/.DS_Store', 'junk')
  rmSync(join(c.a, 'd'), { recursive: true })
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ problems: [], totals: { removedLocally: 1 } })
  expect(readdirSync(c.b).toSorted()).toEqual(['.lsync', 'other'])
  const [run = ''] = readdirSync(join(c.b, '.lsync/trash'))
  expect(readdirSync(join(c.b, '.lsync/trash', run, 'd')).toSorted()).toEqual(['.DS_Store', 'x'])
})

test.each([
  ['an editor’s swap file', 'd/.x.swp', ''],
  ['what somebody ignores', 'd/mine', 'mine\n'],
  ['junk that somebody wants', 'd/.DS_Store', '!.DS_Store\n'],
])('%s stays, and so does its folder', async (_, path, rules) => {
  using c = await pair()
  if (rules !== '') write(c.b, '.lsyncignore', rules)
  write(c.b, path, 'content')
  rmSync(join(c.a, 'd'), { recursive: true })
  await c.sync(0)
  expect((await c.sync(1)).problems).toEqual([])
  expect(readdirSync(join(c.b, 'd'))).toEqual([path.slice(2)])
})

test('a folder that stays in a file’s place is said to be there, and holds back nothing else', async () => {
  using c = await pair()
  write(c.b, 'd/half.part', 'on its way')
  renameSync(join(c.a, 'd'), join(c.a, 'moved'))
  write(c.a, 'd', 'a file now')
  rmSync(join(c.a, 'other'))
  await c.sync(0)
  for (let round = 0; round < 2; round++) {
    const report = await c.sync(1)
    expect(report.problems).toEqual([{ path: 'd', code: 'in-the-way' }])
    expect(report.conflicts).toEqual([])
  }
  expect(existsSync(join(c.b, 'other'))).toBe(false)
  expect(readFileSync(join(c.b, 'd/x'), 'utf8')).toBe('x')
  rmSync(join(c.b, 'd/half.part'))
  expect((await c.sync(1)).problems).toEqual([])
  expect(readFileSync(join(c.b, 'd'), 'utf8')).toBe('a file now')
  expect(readFileSync(join(c.b, 'moved/x'), 'utf8')).toBe('x')
})

test('marks of empty folders that other tools made count, with content they are a problem', async () => {
  using c = await pair()
  await c.put('made/', '')
  await c.put('deep/er/', '')
  await c.put('full/', 'content')
  // Some tools leave a mark for every folder: that of one that holds something says nothing, and goes.
  await c.put('d/', '')
  const report = await c.sync(0)
  expect(report.problems).toEqual([{ path: 'full/', code: 'folder-with-content' }])
  expect(readdirSync(join(c.a, 'made'))).toEqual([])
  expect(readdirSync(join(c.a, 'deep/er'))).toEqual([])
  expect(existsSync(join(c.a, 'full'))).toBe(false)
  rmSync(join(c.a, 'made'), { recursive: true })
  rmSync(join(c.a, 'deep'), { recursive: true })
  await c.sync(0)
  expect(await c.sync(0)).toMatchObject({ totals: { uploaded: { files: 0 }, removedRemotely: 0 } })
  expect(c.keys()).toEqual(['d/x', 'full/', 'other'])
})

test('an empty folder outlives a mirror that takes out what fills it here', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  mkdirSync(join(a, 'd'))
  writeFileSync(join(a, 'kept'), 'kept')
  await c.sync(0)
  await c.sync(1)
  writeFileSync(join(a, 'd', 'x'), 'x')
  await c.sync(0, { mode: 'pull', override: 'mirror' })
  await c.sync(0)
  await c.sync(1)
  expect([readdirSync(join(a, 'd')), readdirSync(join(b, 'd'))]).toEqual([[], []])
  expect(c.store.objects.has('d/')).toBe(true)
})

test('marks for folders with something in them, as other tools make them, are settled in one run', async () => {
  let now = 0
  using c = await clones(2, { storeNow: () => (now += 1000) })
  const names = ['a/', 'a.b', 'a/q', 'd/', 'd/e/', 'd/e/f/', 'd/e/f/y', 'empty/', 'late/x']
  for (const name of names) await c.put(name, name.endsWith('/') ? '' : name)
  const options = { mode: 'pull', override: 'mirror' } as const
  for (const downloaded of [5, 0])
    expect((await c.sync(1, options)).totals).toMatchObject({ downloaded: { files: downloaded } })
  expect([...c.store.objects.keys()].filter((key) => key.endsWith('/'))).toHaveLength(5)
  expect(await c.sync(0)).toMatchObject({
    problems: [],
    halted: [],
    totals: { downloaded: { files: 5 }, removedRemotely: 0 },
  })
  expect((await c.sync(0)).events.filter(({ type }) => type === 'action')).toEqual([])
  await c.sync(1)
  expect((await c.sync(1)).events.filter(({ type }) => type === 'action')).toEqual([])
  const keys = ['a.b', 'a/q', 'd/e/f/y', 'empty/', 'late/x']
  expect([...c.store.objects.keys()].filter((key) => !key.startsWith('.lsync'))).toEqual(keys)

  // One that is newer than all in the folder may be of somebody who is about to empty it: it is no rest of another tool.
  await c.put('late/', '')
  await c.sync(0)
  const version = c.store.objects.get('late/x')?.version ?? ''
  await c.store.open().remove('late/x', { signal, expect: version })
  await c.sync(0)
  expect(readdirSync(join(c.folders[0] ?? '', 'late'))).toEqual([])
  expect(c.store.objects.has('late/')).toBe(true)
})

test('a folder that is empty there and filled here is settled in one run', async () => {
  using c = await pair()
  await c.sync(1)
  mkdirSync(join(c.a, 'new'))
  await c.sync(0)
  write(c.b, 'new/deep/y', 'y')
  const options = { mode: 'pull', override: 'force' } as const
  expect((await c.sync(1, options)).totals).toMatchObject({ downloaded: { files: 0 } })
  const dry = await c.sync(1, { dryRun: true })
  const { totals } = await c.sync(1)
  expect(totals).toEqual(dry.totals)
  expect(totals).toMatchObject({
    uploaded: { files: 1 },
    downloaded: { files: 0 },
    removedRemotely: 0,
  })
  expect(c.keys()).toEqual(['d/x', 'new/deep/y', 'other'])
  expect((await c.sync(1)).totals).toMatchObject({ removedRemotely: 0, unchanged: 3 })
  await c.sync(0)
  expect(readFileSync(join(c.a, 'new/deep/y'), 'utf8')).toBe('y')
})

test('an empty folder that is filled is not told as removed, on either side', async () => {
  using c = await pair()
  for (const name of ['filled', 'emptied', 'scoped']) mkdirSync(join(c.a, name))
  await c.sync(0)
  await c.sync(1)
  write(c.a, 'filled/deep/y', 'y')
  write(c.a, 'scoped/z', 'z')
  rmdirSync(join(c.a, 'emptied'))
  // What fills it may have come before, in a run that was not asked about the folder itself.
  await c.sync(0, { paths: ['scoped/z'] })
  const up = { uploaded: { files: 1 }, removedRemotely: 1 }
  expect((await c.sync(0, { dryRun: true })).totals).toMatchObject(up)
  expect((await c.sync(0)).totals).toMatchObject(up)
  expect(c.keys()).toEqual(['d/x', 'filled/deep/y', 'other', 'scoped/z'])
  await c.sync(1, { paths: ['scoped/z'] })
  const down = { downloaded: { files: 1 }, removedLocally: 1 }
  expect((await c.sync(1, { dryRun: true })).totals).toMatchObject(down)
  expect((await c.sync(1)).totals).toMatchObject(down)
  expect(readdirSync(c.b).toSorted()).toEqual(['.lsync', 'd', 'filled', 'other', 'scoped'])
})

describe('a folder that was emptied and that the disk does not let go', () => {
  const stuck = new Set<string>()
  async function made() {
    stuck.clear()
    const both = await clones(2, {
      openDisk(root) {
        const disk = nodeDisk(root)
        return {
          ...disk,
          async removeFolder(path) {
            // As systems do it: who may not remove it is not told whether it is empty.
            if (stuck.has(path)) throw new DiskError('forbidden', path, 'permission denied, EACCES')
            return disk.removeFolder(path)
          },
        }
      },
    })
    const [a = '', b = ''] = both.folders
    write(a, 'd/x', 'x'.repeat(1000))
    write(a, 'other', 'other')
    mkdirSync(join(a, 'empty'))
    await both.sync(0)
    await both.sync(1)
    stuck.add('d').add('empty')
    return { ...both, a, b, [Symbol.dispose]: () => both[Symbol.dispose]() }
  }
  const told = {
    path: 'd',
    code: 'unwritable',
    detail:
      'permission denied, EACCES; it is empty now, and the next sync takes it for one that is to be kept',
  }

  test('by a move is told of', async () => {
    using c = await made()
    stuck.clear()
    renameSync(join(c.a, 'd/x'), join(c.a, 'y'))
    rmdirSync(join(c.a, 'd'))
    await c.sync(0)
    stuck.add('d')
    expect(await c.sync(1)).toMatchObject({ problems: [told], totals: { moved: 1, failed: 0 } })
  })
  test('by a removal is told of, but not while something is in it', async () => {
    using c = await made()
    stuck.clear()
    rmSync(join(c.a, 'd'), { recursive: true })
    await c.sync(0)
    stuck.add('d')
    write(c.b, 'd/new', 'new')
    expect((await c.sync(1)).problems).toEqual([])
    rmSync(join(c.a, 'd'), { recursive: true, force: true })
    await c.sync(0)
    rmSync(join(c.a, 'd'), { recursive: true })
    await c.sync(0)
    expect((await c.sync(1)).problems).toEqual([told])
  })
  test('that was kept empty stays removed for the others, and is tried again', async () => {
    using c = await made()
    rmdirSync(join(c.a, 'empty'))
    await c.sync(0)
    for (let run = 0; run < 2; run++)
      expect((await c.sync(1)).problems).toEqual([
        { path: 'empty/', code: 'unwritable', detail: 'permission denied, EACCES' },
      ])
    stuck.clear()
    expect((await c.sync(1)).totals).toMatchObject({ removedLocally: 1, uploaded: { files: 0 } })
    expect(existsSync(join(c.b, 'empty'))).toBe(false)
  })
})

test('a folder that was empty for both goes with what is in it, where the other side is mirrored', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'new'))
  await c.sync(0)
  await c.sync(1)
  write(c.b, 'new/y', 'y')
  rmSync(join(c.a, 'new'), { recursive: true })
  await c.sync(0)
  await c.sync(1, { mode: 'pull', override: 'mirror' })
  expect(readdirSync(c.b).toSorted()).toEqual(['.lsync', 'd', 'other'])
  await c.sync(1)
  expect(c.keys()).toEqual(['d/x', 'other'])
})
