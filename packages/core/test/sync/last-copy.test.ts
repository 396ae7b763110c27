import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk } from '../../src/index.ts'
import { clones } from './two-clones.ts'

/** One client renames y to z and is stopped between the upload and the removal; the other renames z back to y. */
async function crossedRenames() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  for (let index = 0; index < 3; index++) writeFileSync(join(a, `other${index}`), String(index))
  writeFileSync(join(a, 'y'), 'the only content')
  await both.sync(0)
  await both.sync(1)
  renameSync(join(a, 'y'), join(a, 'z'))
  await both.sync(0, { paths: ['z'] })
  await both.sync(1)
  renameSync(join(b, 'z'), join(b, 'y'))
  await both.sync(1)
  return { ...both, a, b, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('content on its way out on both sides, at different paths, is kept', async () => {
  using c = await crossedRenames()
  await c.sync(0)
  await c.sync(1)
  expect([...c.store.objects.keys()].toSorted()).toEqual([
    '.lsync/repository.yaml',
    'other0',
    'other1',
    'other2',
    'z',
  ])
  for (const folder of [c.a, c.b]) {
    expect(readFileSync(join(folder, 'z'), 'utf8')).toBe('the only content')
    expect(existsSync(join(folder, 'y'))).toBe(false)
  }
})

test('a pull leaves it alone', async () => {
  using c = await crossedRenames()
  await c.sync(0, { mode: 'pull' })
  expect(readFileSync(join(c.a, 'z'), 'utf8')).toBe('the only content')
})

/** Two clones that hold one content under the names x and y, among others. */
async function twins(more: readonly string[] = []) {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  for (const name of ['x', 'y', ...more]) writeFileSync(join(a, name), 'in both')
  for (let index = 0; index < 3; index++) writeFileSync(join(a, `other${index}`), String(index))
  await both.sync(0)
  await both.sync(1)
  const read = (folder: string, name: string): string | undefined =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined
  const settled = async () => {
    for (const index of [0, 1, 0, 1]) await both.sync(index)
    for (const name of ['x', 'y', ...more]) expect(read(a, name)).toBe(read(b, name))
    return { x: read(a, 'x'), y: read(a, 'y') }
  }
  return { ...both, a, b, settled, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('a copy that is removed here while the other one is replaced there comes back', async () => {
  using c = await twins()
  writeFileSync(join(c.a, 'x'), 'something newer')
  await c.sync(0)
  rmSync(join(c.b, 'y'))
  expect((await c.sync(1)).totals).toMatchObject({
    downloaded: { files: 2 },
    removedRemotely: 0,
  })
  expect(await c.settled()).toEqual({ x: 'something newer', y: 'in both' })
})

test('a copy that is removed there while the other one is replaced here goes up again', async () => {
  using c = await twins()
  rmSync(join(c.b, 'y'))
  await c.sync(1)
  writeFileSync(join(c.a, 'x'), 'something newer')
  expect((await c.sync(0)).totals).toMatchObject({ uploaded: { files: 2 }, removedLocally: 0 })
  expect(await c.settled()).toEqual({ x: 'something newer', y: 'in both' })
})

test.each([
  ['pull', 'push'],
  ['push', 'pull'],
] as const)('whichever way comes first: %s, %s', async (...modes) => {
  using c = await twins()
  writeFileSync(join(c.a, 'x'), 'something newer')
  await c.sync(0)
  rmSync(join(c.b, 'y'))
  for (const mode of modes) await c.sync(1, { mode })
  expect(await c.settled()).toEqual({ x: 'something newer', y: 'in both' })
})

test('a third one that stays is copy enough', async () => {
  using c = await twins(['z'])
  writeFileSync(join(c.a, 'x'), 'something newer')
  await c.sync(0)
  rmSync(join(c.b, 'y'))
  expect((await c.sync(1)).totals).toMatchObject({ removedRemotely: 1 })
  expect(await c.settled()).toEqual({ x: 'something newer', y: undefined })
})

test('where one side wins by force, nothing has to come back', async () => {
  using c = await twins()
  writeFileSync(join(c.a, 'x'), 'something newer')
  rmSync(join(c.b, 'y'))
  await c.sync(1)
  const { totals } = await c.sync(0, { mode: 'pull', override: 'mirror', allow: ['mass-delete'] })
  expect(totals).toMatchObject({ downloaded: { files: 1 }, removedLocally: 1 })
  expect(await c.settled()).toEqual({ x: 'in both', y: undefined })
})

test.each([
  ['sync', 'removed there'],
  ['push', 'removed there'],
  ['sync', 'removed here'],
  ['pull', 'removed here'],
] as const)(
  'a %s of the one copy alone, which was replaced, keeps the other one, which was %s',
  async (mode, how) => {
    using c = await twins()
    const [removing, editing] = how === 'removed there' ? [c.b, c.a] : [c.a, c.b]
    rmSync(join(removing, 'y'))
    writeFileSync(join(editing, 'x'), 'edited')
    await c.sync(1)
    const report = await c.sync(0, { mode, paths: ['x'] })
    // Nothing is done but what was named.
    const acted = report.events.flatMap((event) =>
      event.type === 'action' ? [event.action.path] : [],
    )
    expect(acted).toEqual(['x'])
    expect(await c.settled()).toEqual({ x: 'edited', y: 'in both' })
  },
)

test('a sync of an edited file alone looks no further where the base knows no other copy', async () => {
  let listed = 0
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      list(range, options) {
        listed++
        return provider.list(range, options)
      },
    }),
  })
  const [a = ''] = c.folders
  for (const name of ['d', 'e']) mkdirSync(join(a, name))
  for (const path of ['d/x', 'e/y']) writeFileSync(join(a, path), path)
  await c.sync(0)
  writeFileSync(join(a, 'd/x'), 'edited')
  listed = 0
  await c.sync(0, { paths: ['d'] })
  const once = listed
  writeFileSync(join(a, 'e/y'), 'edited')
  listed = 0
  await c.sync(0, { paths: ['e'] })
  expect(listed).toBe(once)
  // The same content now: of that others may have removed the one.
  writeFileSync(join(a, 'd/x'), 'edited anew')
  listed = 0
  await c.sync(0, { paths: ['d'] })
  expect(listed).toBeGreaterThan(once)
})

test('what may hold content that is on its way out is looked at once for a plan, here and there', async () => {
  const asked: string[] = []
  using c = await clones(1, {
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async open(path) {
          asked.push(path)
          return disk.open(path)
        },
      }
    },
    around: (provider) => ({
      ...provider,
      async head(key, options) {
        asked.push(key)
        return provider.head(key, options)
      },
    }),
  })
  const [a = ''] = c.folders
  for (const name of ['x', 'y']) writeFileSync(join(a, name), 'in both')
  writeFileSync(join(a, 'gone'), 'as long')
  for (let index = 0; index < 3; index++) writeFileSync(join(a, `other${index}`), String(index))
  await c.sync(0)
  const { version = '' } = c.store.objects.get('y') ?? {}
  await c.store.open().remove('y', { signal: new AbortController().signal, expect: version })
  await c.put('there', 'another')
  rmSync(join(a, 'gone'))
  writeFileSync(join(a, 'here'), 'one new')
  writeFileSync(join(a, 'x'), 'something newer')
  asked.length = 0
  // That y is kept makes for another round.
  const { totals } = await c.sync(0, { dryRun: true })
  expect(totals).toMatchObject({ uploaded: { files: 3 }, removedLocally: 0, removedRemotely: 1 })
  expect(asked.filter((path) => path === 'here' || path === 'there').toSorted()).toEqual([
    'here',
    'there',
  ])
})
