import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { textSource } from '../../src/sync/small-object.ts'
import { clones } from './two-clones.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
/** What the outer repository looks at of an inner one: its configuration. */
const nest = (folder: string, path: string, remote = 'memory://two'): void =>
  write(folder, `${path}/.lsync/config.yaml`, `format: 1\nremote: ${remote}\nrepository: two\n`)
const POINTER = '.lsync/nested/d/in/pointer.yaml'
const { signal } = new AbortController()

async function pair() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  const keys = () => [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync'))
  const put = (key: string, text: string) =>
    both.store.open().write(key, textSource(text), {
      signal,
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
  return { ...both, a, b, keys, put, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

/** Both clones hold `out`, `d/in/x` and `d/in/y`; then `d/in` becomes a repository of its own in the first. */
async function nestedLater() {
  const c = await pair()
  for (const path of ['out', 'd/in/x', 'd/in/y']) write(c.a, path, path)
  await c.sync(0)
  await c.sync(1)
  nest(c.a, 'd/in')
  return { ...c, [Symbol.dispose]: () => c[Symbol.dispose]() }
}

test('only the fact that it is there travels, and a second run has nothing to tell', async () => {
  using c = await pair()
  write(c.a, 'out', 'out')
  write(c.a, 'd/in/x', 'inner')
  nest(c.a, 'd/in')
  const first = await c.sync(0)
  expect(first.nested).toMatchObject([
    {
      path: 'd/in',
      state: 'here',
      pointer: { remote: 'memory://two', id: 'two' },
      effect: 'publish',
      result: 'done',
    },
  ])
  expect(c.keys()).toEqual(['out'])
  expect(Buffer.from(c.store.objects.get(POINTER)?.bytes ?? []).toString()).toMatch(
    /^# .*\nformat: 1\nremote: memory:\/\/two\nid: two\n$/,
  )
  expect((await c.sync(0)).nested).toMatchObject([{ path: 'd/in', state: 'here' }])
  expect((await c.sync(0)).nested[0]).not.toHaveProperty('effect')

  const there = await c.sync(1)
  expect(there).toMatchObject({ problems: [], nested: [{ path: 'd/in', state: 'elsewhere' }] })
  expect(existsSync(join(c.b, 'd'))).toBe(false)
  // What somebody puts there with another tool is none of the outer repository's.
  await c.put('d/in/z', 'z')
  expect((await c.sync(1)).nested).toMatchObject([
    { leftOver: { here: 0, remote: 1, paths: ['d/in/z'] } },
  ])
  expect(existsSync(join(c.b, 'd'))).toBe(false)
  nest(c.b, 'd/in')
  expect(await c.sync(1)).toMatchObject({ problems: [], nested: [{ state: 'here' }] })
})

test('a run that only pulls, or only looks, tells nothing', async () => {
  using c = await pair()
  nest(c.a, 'd/in')
  expect((await c.sync(0, { dryRun: true })).nested).toMatchObject([{ result: 'planned' }])
  expect((await c.sync(0, { mode: 'pull' })).nested).toMatchObject([{ state: 'here' }])
  expect(c.store.objects.has(POINTER)).toBe(false)
  await c.sync(0, { mode: 'push' })
  expect(c.store.objects.has(POINTER)).toBe(true)
})

test('where content was synced before, it freezes on all sides', async () => {
  using c = await nestedLater()
  rmSync(join(c.a, 'd/in/x'))
  write(c.a, 'd/in/y', 'the inner one wrote this')
  const before = c.keys()
  const there = await c.sync(0)
  expect(there).toMatchObject({
    problems: [],
    nested: [{ state: 'here', leftOver: { here: 0, remote: 2, paths: ['d/in/x', 'd/in/y'] } }],
  })
  expect(c.keys()).toEqual(before)

  // The other clone still has what was synced there: a problem, not a switch.
  write(c.b, 'd/in/y', 'edited by b')
  const report = await c.sync(1)
  expect(report.problems).toMatchObject([{ path: 'd/in', code: 'nested-content' }])
  expect(report.nested).toMatchObject([{ state: 'elsewhere', leftOver: { here: 2, remote: 2 } }])
  expect(report.totals).toMatchObject({ removedLocally: 0, uploaded: { files: 0 } })
  expect([read(c.b, 'd/in/x'), read(c.b, 'd/in/y')]).toEqual(['d/in/x', 'edited by b'])
  expect(c.keys()).toEqual(before)
})

test('no repository of its own any more: its files are the outer one’s again, without loss', async () => {
  using c = await nestedLater()
  await c.sync(0)
  await c.sync(1)
  rmSync(join(c.a, 'd/in/x'))
  write(c.a, 'd/in/y', 'the inner one wrote this')
  write(c.a, 'd/in/z', 'new in the inner one')
  await c.sync(0)
  rmSync(join(c.a, 'd/in/.lsync'), { recursive: true })
  const report = await c.sync(0)
  expect(report).toMatchObject({
    nested: [{ state: 'gone', effect: 'withdraw', result: 'done' }],
    conflicts: [{ path: 'd/in/y' }],
    problems: [],
    totals: { removedRemotely: 0, uploaded: { files: 1 }, downloaded: { files: 1 } },
  })
  expect(c.store.objects.has(POINTER)).toBe(false)
  expect(c.keys()).toContain('d/in/z')
  expect(read(c.a, 'd/in/x')).toBe('d/in/x')
  expect((await c.sync(1)).problems).toEqual([])
  expect(read(c.b, 'd/in/z')).toBe('new in the inner one')
  expect((await c.sync(0)).nested).toEqual([])
})

test('the folder deleted: others are told, and keep theirs', async () => {
  using c = await pair()
  write(c.a, 'out', 'out')
  nest(c.a, 'd/in')
  await c.sync(0)
  nest(c.b, 'd/in')
  write(c.b, 'd/in/x', 'inner')
  await c.sync(1)
  rmSync(join(c.a, 'd'), { recursive: true })
  expect((await c.sync(0)).nested).toMatchObject([{ state: 'gone', result: 'done' }])
  expect(c.store.objects.has(POINTER)).toBe(false)
  for (let round = 0; round < 2; round++)
    expect(await c.sync(1)).toMatchObject({ problems: [], nested: [{ state: 'kept' }] })
  expect(c.store.objects.has(POINTER)).toBe(false)
  expect(c.keys()).toEqual(['out'])
  expect(read(c.b, 'd/in/x')).toBe('inner')
  // Another remote is an edit, and survives the removal.
  nest(c.b, 'd/in', 'memory://three')
  expect((await c.sync(1)).nested).toMatchObject([{ state: 'here', effect: 'publish' }])
})

test('what cannot be seen is not removed', async () => {
  using c = await pair()
  nest(c.a, 'd/in')
  await c.sync(0)
  write(c.a, '.lsyncignore', 'd\n')
  rmSync(join(c.a, 'd/in'), { recursive: true })
  expect(await c.sync(0)).toMatchObject({ nested: [], problems: [] })
  expect(c.store.objects.has(POINTER)).toBe(true)
})

test('another remote than others noted is a problem, settled by saying so', async () => {
  using c = await pair()
  nest(c.a, 'd/in')
  await c.sync(0)
  nest(c.b, 'd/in', 'memory://three')
  const report = await c.sync(1)
  expect(report.problems).toEqual([
    { path: 'd/in', code: 'nested-differs', detail: 'memory://two' },
  ])
  await c.sync(1, { conflict: 'local' })
  expect((await c.sync(0)).problems).toMatchObject([{ code: 'nested-differs' }])
  // Who changed it since they agreed is followed.
  nest(c.b, 'd/in', 'memory://four')
  expect(await c.sync(1)).toMatchObject({ problems: [], nested: [{ effect: 'publish' }] })
})

test.each([
  [
    'format: 1\nremote: s3://name:secret@bucket/x\n',
    'its remote is no address, or holds credentials',
  ],
  ['format: 1\nremote: file:///home/ann/.ssh\nid: x\n', 'its remote is a folder of this machine'],
  ['format: 1\nremote: memory://one\nid: x\n', 'contain each other'],
  ['format: 1\nremote: "s3://b\\e[2J"\n', 'its remote is no address'],
  ['format: 1\nremote: s3://b\nsettings: {profile: admin}\n', 'only a person may choose'],
  ['format: 2\nremote: s3://b\n', 'newer lsync'],
  [': {', 'it is damaged'],
  ['x'.repeat(20_000), 'it is too long'],
])('a hostile pointer is refused: %s', async (text, refusal) => {
  using c = await pair()
  await c.put(POINTER, text)
  const report = await c.sync(0)
  expect(report.problems).toMatchObject([
    { path: 'd/in', code: 'nested-refused', detail: expect.stringContaining(refusal) },
  ])
  expect(JSON.stringify(report.problems)).not.toContain('secret')
})

test('a pointer to what is no path here is refused', async () => {
  using c = await pair()
  await c.put('.lsync/nested/../../etc/pointer.yaml', 'format: 1\nremote: s3://b\n')
  expect((await c.sync(0)).problems).toMatchObject([{ path: '../../etc', code: 'name-unsafe' }])
})

test('to name it from outside is told, also where the path is below it', async () => {
  using c = await pair()
  write(c.a, 'd/in/x', 'inner')
  nest(c.a, 'd/in')
  for (const paths of [['d/in'], ['d/in/x']]) {
    expect((await c.sync(0, { paths })).problems).toEqual([{ path: 'd/in', code: 'nested' }])
    expect((await c.sync(0, { paths, recursive: true })).problems).toEqual([])
  }
  expect((await c.sync(0, { paths: ['d'] })).problems).toEqual([])
  // To win over others is said of the repository by its own name, not of what is in it.
  const force = { mode: 'push', override: 'force' } as const
  expect((await c.sync(0, { ...force, paths: ['d/in'] })).problems).toEqual([])
  expect((await c.sync(0, { ...force, paths: ['d/in/x'] })).problems).toEqual([
    { path: 'd/in', code: 'nested' },
  ])
  nest(c.b, 'd/in', 'memory://three')
  expect(await c.sync(1, { ...force, paths: ['d/in/x'] })).toMatchObject({
    problems: [{ path: 'd/in', code: 'nested-differs' }],
  })
  expect((await c.sync(1, { ...force, paths: ['d'] })).nested).toMatchObject([{ result: 'done' }])
})

test('a run that dies before it knows the answer still knows whose pointer it is', async () => {
  using c = await pair()
  nest(c.a, 'd/in')
  await c.sync(0)
  // As the dead run left it: the remote was told, and only what was intended is known.
  write(
    c.a,
    '.lsync/nested.yaml',
    'format: 1\nnested: {d/in: {remote: memory://two, id: two, settings: {}, here: true}}\n',
  )
  rmSync(join(c.a, 'd'), { recursive: true })
  expect((await c.sync(0)).nested).toMatchObject([{ state: 'gone', result: 'done' }])
  // And where the remote was not told, it is.
  nest(c.a, 'd/in')
  write(
    c.a,
    '.lsync/nested.yaml',
    'format: 1\nnested: {d/in: {remote: memory://two, id: two, settings: {}, here: true}}\n',
  )
  expect((await c.sync(0)).nested).toMatchObject([{ state: 'here', result: 'done' }])
})

test('a pointer that nobody stands for any more is withdrawn by saying so', async () => {
  using c = await pair()
  write(c.a, 'd/in/x', 'x')
  await c.put(POINTER, 'format: 1\nremote: memory://two\nid: two\n')
  expect((await c.sync(0)).problems).toMatchObject([{ code: 'nested-content' }])
  const report = await c.sync(0, { mode: 'push', override: 'force', paths: ['d/in'] })
  expect(report).toMatchObject({ problems: [], nested: [{ state: 'gone', result: 'done' }] })
  expect(c.keys()).toEqual(['d/in/x'])
})
