import {
  chmodSync,
  symlinkSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskError, nodeDisk } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const write = (folder: string, path: string, text: string): void =>
  writeFileSync(join(folder, path), text)

async function pair() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  return { ...both, a, b, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('new, changed and removed files travel, and a second run has nothing to do', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'd'))
  write(c.a, 'one', '1')
  write(c.a, 'd/two', '2')
  utimesSync(join(c.a, 'one'), 1_000_000, 1_000_000)
  expect((await c.sync(0)).totals).toMatchObject({ uploaded: { files: 2, bytes: 2 } })
  expect((await c.sync(1)).totals).toMatchObject({ downloaded: { files: 2, bytes: 2 } })
  expect(read(c.b, 'd/two')).toBe('2')
  expect(statSync(join(c.b, 'one')).mtimeMs).toBe(1_000_000_000)

  write(c.b, 'd/two', 'changed')
  rmSync(join(c.b, 'one'))
  expect((await c.sync(1)).totals).toMatchObject({ uploaded: { files: 1 }, removedRemotely: 1 })
  expect((await c.sync(0)).totals).toMatchObject({ downloaded: { files: 1 }, removedLocally: 1 })
  expect(read(c.a, 'd/two')).toBe('changed')
  expect(existsSync(join(c.a, 'one'))).toBe(false)
  expect(readdirSync(join(c.a, '.lsync/trash'))).toHaveLength(1)

  for (const index of [0, 1]) {
    const { totals, events } = await c.sync(index)
    expect(totals).toMatchObject({ uploaded: { files: 0 }, downloaded: { files: 0 }, unchanged: 1 })
    expect(events.filter(({ type }) => type === 'action')).toEqual([])
  }
})

test('changed on both sides is a conflict that touches nothing, until a policy settles it', async () => {
  using c = await pair()
  write(c.a, 'n.txt', 'base')
  await c.sync(0)
  await c.sync(1)
  write(c.a, 'n.txt', 'from a')
  write(c.b, 'n.txt', 'from b')
  await c.sync(0)
  const report = await c.sync(1)
  expect(report.conflicts).toMatchObject([{ path: 'n.txt', kind: 'content' }])
  expect(read(c.b, 'n.txt')).toBe('from b')
  const settled = await c.sync(1, { conflict: 'keep-both' })
  expect(settled.conflicts).toEqual([])
  await c.sync(0)
  for (const folder of [c.a, c.b]) {
    const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))
    expect(names).toHaveLength(2)
    expect(read(folder, 'n.txt')).toBe('from b')
    expect(read(folder, names.find((name) => name.includes('conflict, author0')) ?? '')).toBe(
      'from a',
    )
  }
})

test('an edit survives a removal, in both directions', async () => {
  using c = await pair()
  write(c.a, 'x', 'x')
  write(c.a, 'y', 'y')
  await c.sync(0)
  await c.sync(1)
  rmSync(join(c.a, 'x'))
  write(c.a, 'y', 'edited')
  await c.sync(0)
  write(c.b, 'x', 'edited too')
  rmSync(join(c.b, 'y'))
  await c.sync(1)
  await c.sync(0)
  expect([read(c.a, 'x'), read(c.a, 'y'), read(c.b, 'y')]).toEqual([
    'edited too',
    'edited',
    'edited',
  ])
})

test('the same content on both sides is adopted without a transfer', async () => {
  using c = await pair()
  write(c.a, 'same', 'content')
  write(c.b, 'same', 'content')
  await c.sync(0)
  expect((await c.sync(1)).totals).toMatchObject({
    adopted: 1,
    uploaded: { files: 0 },
    downloaded: { files: 0 },
  })
})

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

test('a part of the repository, and a run that only looks', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'd'))
  write(c.a, 'd/in', '1')
  write(c.a, 'out', '2')
  const dry = await c.sync(0, { dryRun: true })
  expect(dry.totals.uploaded.files).toBe(2)
  expect([...c.store.objects.keys()]).toEqual(['.lsync/repository.yaml'])
  await c.sync(0, { paths: ['d'] })
  expect([...c.store.objects.keys()].toSorted()).toEqual(['.lsync/repository.yaml', 'd/in'])
})

test('guards halt before anything is done', async () => {
  using c = await pair()
  for (let index = 0; index < 12; index++) write(c.a, `f${index}`, String(index))
  await c.sync(0)
  await c.sync(1)
  for (let index = 0; index < 12; index++) rmSync(join(c.b, `f${index}`))
  const report = await c.sync(1)
  expect(report.halted.map(({ guard }) => guard)).toEqual(['mass-delete', 'emptied'])
  expect(c.store.objects.size).toBe(13)
  await c.sync(1, { allow: ['mass-delete', 'emptied'] })
  expect(c.store.objects.size).toBe(1)
})

test('hostile keys stay outside, and are reported', async () => {
  using c = await pair()
  const provider = c.store.open()
  const bytes = new TextEncoder().encode('evil')
  for (const key of [
    '../x',
    '/etc/x',
    'a/../../x',
    'd/.lsync/config.yaml',
    'd/.LSYNC/x',
    './d',
    'a//b',
    'ok',
    'ok/below',
    'marker/',
    'nul\0x',
  ])
    await provider.write(
      key,
      {
        size: 4,
        digests: {},
        bytes,
        async *open() {
          yield bytes
        },
      },
      { signal: new AbortController().signal, expect: { kind: 'absent' }, metadata: { user: {} } },
    )
  const report = await c.sync(0)
  expect(report.problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
    '../x name-unsafe',
    './d name-unsafe',
    '/etc/x name-unsafe',
    'a/../../x name-unsafe',
    'a//b name-unsafe',
    'd/.LSYNC/x name-reserved',
    'd/.lsync/config.yaml name-reserved',
    'marker/ folder-with-content',
    'nul\0x name-unsafe',
    'ok/below below-a-file',
  ])
  expect(readdirSync(c.a).toSorted()).toEqual(['.lsync', 'ok'])
})

test('a removal stays undone in all rounds while the transfer it waits for has failed', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'keep'))
  write(c.a, 'keep/x', 'x')
  write(c.a, 'y', 'content')
  await c.sync(0)
  await c.sync(1)
  // On b, y is renamed to a name that the remote has as a folder which b does not see.
  rmSync(join(c.b, 'y'))
  write(c.b, 'z', 'content')
  const store = c.store.open()
  const write0 = store.write.bind(store)
  const bytes = new TextEncoder().encode('.')
  await write0(
    'z/.DS_Store',
    {
      size: 1,
      digests: {},
      bytes,
      async *open() {
        yield bytes
      },
    },
    { signal: new AbortController().signal, expect: { kind: 'absent' }, metadata: { user: {} } },
  )
  c.refuse('z', 'key-conflict')
  const report = await c.sync(1)
  expect(report.problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
    'y kept-for-safety',
    'z below-a-file',
  ])
  expect(c.store.objects.has('y')).toBe(true)
})

test('a path named behind a symbolic link is unknown, not absent', async () => {
  using c = await pair()
  mkdirSync(join(c.a, 'd'))
  write(c.a, 'd/x', 'x')
  write(c.a, 'other', 'o')
  await c.sync(0)
  rmSync(join(c.a, 'd'), { recursive: true })
  symlinkSync('/nowhere', join(c.a, 'd'))
  const report = await c.sync(0, { paths: ['d/x'] })
  expect(report.problems.map(({ code }) => code)).toEqual(['symbolic-link'])
  expect(c.store.objects.has('d/x')).toBe(true)
})

test('what may not be changed here is told so, and an adoption does without the time', async () => {
  const refused = new Set<string>()
  const check = (path: string): void => {
    if (refused.has(path)) throw new DiskError('forbidden', path, 'permission denied, EACCES')
  }
  using c = await clones(2, {
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async rename(from, to, options) {
          check(from)
          check(to)
          return disk.rename(from, to, options)
        },
        async setModified(path, mtime) {
          check(path)
          return disk.setModified(path, mtime)
        },
      }
    },
  })
  const [a = '', b = ''] = c.folders
  for (const name of ['x', 'y', 'z']) write(a, name, name)
  utimesSync(join(a, 'z'), 1_000_000, 1_000_000)
  await c.sync(0)
  write(b, 'z', 'z')
  refused.add('z')
  expect((await c.sync(1)).problems).toEqual([])
  expect(read(b, 'z')).toBe('z')

  write(a, 'x', 'changed')
  rmSync(join(a, 'y'))
  refused.clear()
  await c.sync(0)
  for (const name of ['x', 'y']) refused.add(name)
  const report = await c.sync(1)
  expect(report.problems).toEqual([
    { path: 'x', code: 'unwritable', detail: 'permission denied, EACCES' },
    { path: 'y', code: 'kept-for-safety' },
  ])
  // Tried in several rounds, and counted once.
  expect(report.totals).toMatchObject({ failed: 1 })
  refused.delete('x')
  expect((await c.sync(1)).problems).toMatchObject([{ path: 'y', code: 'unwritable' }])
  expect([read(b, 'x'), read(b, 'y')]).toEqual(['changed', 'y'])
  refused.clear()
  expect(await c.sync(1)).toMatchObject({ problems: [], totals: { removedLocally: 1 } })
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
