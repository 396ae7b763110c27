import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { json, run } from '../run.ts'
import { clones, inside } from './repositories.ts'

test('the trash gives back what a sync replaced or removed, and overwrites nothing', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'changed')
  rmSync(box.path('a', 'y'))
  await run(a, 'sync')
  expect(await run(b, 'sync')).toMatchObject({ exit: 0 })
  const { document } = await json(b, 'trash', 'list')
  expect(document).toMatchObject({
    items: [
      { path: 'x', size: 3 },
      { path: 'y', size: 3 },
    ],
  })
  expect(await run(b, 'trash', 'restore', 'y')).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('b', 'y'), 'utf8')).toBe('two')
  const beside = await run(b, 'trash', 'restore', 'x')
  expect(beside).toMatchObject({ exit: 0, stderr: '' })
  expect(beside.stdout).toContain('x (restored) is back')
  expect(readFileSync(box.path('b', 'x'), 'utf8')).toBe('changed')
  expect(readFileSync(box.path('b', 'x (restored)'), 'utf8')).toBe('one')
  // Once more, by the way it came.
  mkdirSync(box.path('b', '.lsync', 'trash', 'run'), { recursive: true })
  renameSync(box.path('b', 'x (restored)'), box.path('b', '.lsync', 'trash', 'run', 'x'))
  expect(await run(b, 'trash', 'restore', 'x', '--to', 'x.old')).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('b', 'x.old'), 'utf8')).toBe('one')
  expect(await run(b, 'trash', 'restore', 'x')).toMatchObject({ exit: 2 })
})

test('a folder comes back with all that was in it, to its place or to another one', async () => {
  const box = await clones({ x: 'one' })
  mkdirSync(box.path('a', 'd', 'e'), { recursive: true })
  writeFileSync(box.path('a', 'd', 'e', 'f'), 'deep')
  writeFileSync(box.path('a', 'd', 'g'), 'g')
  await run(inside(box, 'a'), 'sync')
  const b = inside(box, 'b')
  await run(b, 'sync')
  rmSync(box.path('a', 'd'), { recursive: true })
  await run(inside(box, 'a'), 'sync')
  await run(b, 'sync')
  expect(existsSync(box.path('b', 'd'))).toBe(false)
  const { document } = await json(b, 'trash', 'restore', 'd', '--to', 'old')
  expect(document).toMatchObject({ restored: [{ to: 'old/e/f' }, { to: 'old/g' }] })
  expect(readFileSync(box.path('b', 'old', 'e', 'f'), 'utf8')).toBe('deep')
})

test('what was in the trash long enough goes at the end of a sync', async () => {
  const box = await clones({ x: 'one' })
  const b = inside(box, 'b')
  const old = box.path('b', '.lsync', 'trash', '2025-01-31T14.05.09Z-1f2e3d4c')
  mkdirSync(old, { recursive: true })
  writeFileSync(`${old}/x`, 'ancient')
  expect(await run(b, 'sync', '-n')).toMatchObject({ stderr: '' })
  expect(existsSync(old)).toBe(true)
  const { stderr } = await run(b, 'sync')
  expect(stderr).toBe(
    'note: 1 file (7 B) left the trash for good: kept long enough, or more than it may hold\n',
  )
  expect(existsSync(old)).toBe(false)
})

test('the trash is emptied for good, but only of what is old enough', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  rmSync(box.path('a', 'y'))
  await run(inside(box, 'a'), 'sync')
  await run(inside(box, 'b'), 'sync')
  const b = inside(box, 'b')
  for (const flags of [
    ['--older-than', '1'],
    ['--older-than', '12h'],
    ['--larger', '4'],
    ['--larger', '1G', '--older-than', '0d'],
  ])
    expect((await json(b, 'trash', 'empty', ...flags)).document).toMatchObject({ removed: 0 })
  expect(await run(b, 'trash', 'empty', '--older-than', 'ages')).toMatchObject({ exit: 2 })
  expect(await run(b, 'trash', 'empty', '--larger', 'huge')).toMatchObject({ exit: 2 })
  expect((await json(b, 'trash', 'empty', '--larger', '3')).document).toMatchObject({
    removed: 1,
    bytes: 3,
  })
  expect((await json(b, 'trash', 'list')).document).toMatchObject({ items: [] })
})

test('a place that cannot be one is wrong usage, and the file stays in the trash', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  rmSync(box.path('a', 'x'))
  await run(inside(box, 'a'), 'sync')
  const b = inside(box, 'b')
  await run(b, 'sync')
  expect(await run(b, 'trash', 'restore', 'x', '--to', 'y/x')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('A file stands in the place of a folder: name another path'),
  })
  expect(await run(b, 'trash', 'restore', 'x', '--to', 'n'.repeat(300))).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('This disk takes no such name: choose another one.'),
  })
  expect((await json(b, 'trash', 'list')).document).toMatchObject({ items: [{ path: 'x' }] })
})
