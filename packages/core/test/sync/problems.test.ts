import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskError, nodeDisk } from '../../src/index.ts'
import { JOURNAL, STAGING } from '../../src/state/layout.ts'
import { pair, read, write } from './pair.ts'
import { clones } from './two-clones.ts'

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

test('a file that can neither be written nor closed is a problem of its own', async () => {
  const refuse = async (): Promise<never> => {
    throw new DiskError('no-space', '', 'quota exceeded, EDQUOT')
  }
  const fails = async (): Promise<never> => {
    throw new DiskError('io', '', 'cannot be closed, EIO')
  }
  let full = false
  using c = await clones(2, {
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async create(path) {
          const writer = await disk.create(path)
          if (!full || !path.startsWith(STAGING) || path.includes('names-')) return writer
          full = false
          await writer[Symbol.asyncDispose]()
          return { ...writer, write: refuse, [Symbol.asyncDispose]: fails }
        },
      }
    },
  })
  const [a = '', b = ''] = c.folders
  for (const name of ['x', 'y', 'z']) write(a, name, name)
  await c.sync(0)
  full = true
  const report = await c.sync(1, { jobs: 1 })
  expect(report.problems).toMatchObject([{ code: 'no-space', detail: 'quota exceeded, EDQUOT' }])
  expect(readdirSync(b)).toHaveLength(3)
  expect(await c.sync(1)).toMatchObject({ problems: [], totals: { downloaded: { files: 1 } } })
})

test('where nothing can be recorded any more, nothing more is done', async () => {
  let full = false
  let now = Date.now()
  using c = await clones(1, {
    // Each outcome is recorded by itself.
    now: () => (now += 6000),
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async appendText(path, text) {
          if (full) throw new DiskError('no-space', path, 'no space is left, ENOSPC')
          return disk.appendText(path, text)
        },
      }
    },
  })
  const [a = ''] = c.folders
  write(a, 'first', 'first')
  await c.sync(0)
  for (let index = 0; index < 100; index++) write(a, `x${index}`, `content ${index}`)
  full = true
  await expect(c.sync(0, { jobs: 2 })).rejects.toMatchObject({ code: 'no-space', path: JOURNAL })
  expect(c.store.objects.size).toBeLessThan(10)
  full = false
  const report = await c.sync(0)
  expect(report.problems).toEqual([])
  expect(report.totals.adopted + report.totals.uploaded.files).toBe(100)
})

test('what the store refuses of one path is a problem of that path; of all paths, the end', async () => {
  using c = await pair()
  const names = Array.from({ length: 12 }, (_, index) => `refused ${index}`)
  for (const name of [...names, 'taken']) write(c.a, name, name)
  for (const name of names) c.refuse(name, 'refused')
  c.refuse('taken', 'refused')
  await expect(c.sync(0)).rejects.toMatchObject({ code: 'refused' })

  write(c.b, 'first', 'first')
  write(c.b, 'one', 'one')
  c.refuse('one', 'refused')
  const report = await c.sync(1)
  expect(report.problems).toMatchObject([{ path: 'one', code: 'remote-refused' }])
  expect([...c.store.objects.keys()]).toContain('first')
})

test('a file that the disk cannot be made to keep is not sent: lost by it, it would read as changed here', async () => {
  let isFailing = true
  using c = await clones(1, {
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async flush(paths) {
          // The system says so once, to whoever asks first.
          if (isFailing && paths.includes('x')) {
            isFailing = false
            throw new DiskError('io', 'x', 'i/o error, EIO')
          }
          return disk.flush(paths)
        },
      }
    },
  })
  const [a = ''] = c.folders
  write(a, 'x', 'x')
  await expect(c.sync(0)).rejects.toMatchObject({ code: 'io', path: 'x' })
  expect(c.store.objects.has('x')).toBe(false)
  await c.sync(0)
  expect(c.store.objects.has('x')).toBe(true)
})
