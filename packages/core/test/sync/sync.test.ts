import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pair, read, write } from './pair.ts'

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
