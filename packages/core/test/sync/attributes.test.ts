import {
  chmodSync,
  lutimesSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clones } from './two-clones.ts'

const IDLE = { uploaded: { files: 0 }, downloaded: { files: 0 }, removedLocally: 0, adopted: 0 }

async function pair() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  const isExecutable = (folder: string, path: string): boolean =>
    (statSync(join(folder, path)).mode & 0o100) !== 0
  return { ...both, a, b, isExecutable, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

/** Seconds as text, since Node takes a negative number for the present time. */
test.each([
  ['a fraction of a second', '1795528726.092389'],
  ['the beginning of time', '0'],
  ['before it', '-1.5'],
  ['long before it', '-1000000000.25'],
  ['the far future', '7258118400.125'],
])('a modification time arrives: %s', async (_, seconds) => {
  using c = await pair()
  writeFileSync(join(c.a, 'x'), 'x')
  lutimesSync(join(c.a, 'x'), seconds, seconds)
  await c.sync(0)
  await c.sync(1)
  expect(statSync(join(c.b, 'x')).mtimeMs).toBeCloseTo(statSync(join(c.a, 'x')).mtimeMs, 2)
  expect(statSync(join(c.b, 'x')).mtimeMs / 1000).toBeCloseTo(Number(seconds), 3)
  for (const index of [0, 1]) expect((await c.sync(index)).totals).toMatchObject(IDLE)
})

test('a time that no disk can keep keeps nothing from arriving', async () => {
  using c = await pair()
  for (const mtime of ['999999999999', '-999999999999']) {
    await c.put(mtime, 'x', { mtime })
    expect((await c.sync(0)).problems).toEqual([])
    expect(readFileSync(join(c.a, mtime), 'utf8')).toBe('x')
    expect((await c.sync(0)).totals).toMatchObject(IDLE)
  }
})

test('a modification time alone is no change, and what is adopted takes the one of the remote', async () => {
  using c = await pair()
  writeFileSync(join(c.a, 'x'), 'x')
  lutimesSync(join(c.a, 'x'), 1000, 1000)
  await c.sync(0)
  writeFileSync(join(c.b, 'x'), 'x')
  expect((await c.sync(1)).totals.adopted).toBe(1)
  expect(statSync(join(c.b, 'x')).mtimeMs).toBe(1_000_000)
  lutimesSync(join(c.b, 'x'), 2000, 2000)
  const before = c.store.objects.get('x')?.version
  expect((await c.sync(1)).totals).toMatchObject(IDLE)
  expect(c.store.objects.get('x')?.version).toBe(before)
  expect(statSync(join(c.b, 'x')).mtimeMs).toBe(2_000_000)
})

test.each([
  ['here', 0, 1],
  ['there', 1, 0],
])(
  'the executable bit changes on one side, the content on the other (%s): both arrive',
  async (_, bit, content) => {
    using c = await pair()
    writeFileSync(join(c.a, 'x'), 'old')
    await c.sync(0)
    await c.sync(1)
    chmodSync(join(c.folders[bit] ?? '', 'x'), 0o755)
    writeFileSync(join(c.folders[content] ?? '', 'x'), 'new content')
    for (const index of [0, 1, 0, 1, 0]) expect((await c.sync(index)).conflicts).toEqual([])
    for (const folder of [c.a, c.b]) {
      expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('new content')
      expect(c.isExecutable(folder, 'x')).toBe(true)
    }
    for (const index of [0, 1]) expect((await c.sync(index)).totals).toMatchObject(IDLE)
  },
)

test.each([['x'], ['y']])(
  'the bit that was changed here goes up in the run that brings the content that was changed there, as %s',
  async (name) => {
    using c = await pair()
    writeFileSync(join(c.a, 'x'), 'old content')
    await c.sync(0)
    await c.sync(1)
    chmodSync(join(c.a, 'x'), 0o755)
    if (name === 'x') writeFileSync(join(c.b, 'x'), 'new content, and longer')
    else renameSync(join(c.b, 'x'), join(c.b, name))
    await c.sync(1)
    const content = readFileSync(join(c.b, name), 'utf8')
    const foreseen = await c.sync(0, { dryRun: true })
    expect(foreseen.totals.uploaded).toEqual({ files: 1, bytes: content.length })
    expect((await c.sync(0)).totals).toEqual({ ...foreseen.totals, unchanged: 0 })
    expect(c.store.objects.get(name)?.metadata.user['executable']).toBe('true')
    expect((await c.sync(0)).totals).toMatchObject(IDLE)
    await c.sync(1)
    for (const folder of [c.a, c.b]) {
      expect(readFileSync(join(folder, name), 'utf8')).toBe(content)
      expect(c.isExecutable(folder, name)).toBe(true)
    }
  },
)

test('a pull leaves the bit to a push', async () => {
  using c = await pair()
  writeFileSync(join(c.a, 'x'), 'old')
  await c.sync(0)
  await c.sync(1)
  chmodSync(join(c.a, 'x'), 0o755)
  writeFileSync(join(c.b, 'x'), 'new content')
  await c.sync(1)
  const foreseen = await c.sync(0, { mode: 'pull', dryRun: true })
  expect((await c.sync(0, { mode: 'pull' })).totals).toEqual(foreseen.totals)
  expect(c.isExecutable(c.a, 'x')).toBe(true)
  expect(c.store.objects.get('x')?.metadata.user['executable']).toBeUndefined()
  expect((await c.sync(0, { mode: 'push' })).totals).toMatchObject({ uploaded: { files: 1 } })
})

test('what somebody saves there before the bit goes up stays', async () => {
  let isSaving = false
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      async write(key, source, options) {
        if (isSaving && key === 'x') {
          isSaving = false
          await c.put('x', 'newer content')
        }
        return provider.write(key, source, options)
      },
    }),
  })
  const [a = ''] = c.folders
  writeFileSync(join(a, 'x'), 'old')
  await c.sync(0)
  chmodSync(join(a, 'x'), 0o755)
  await c.put('x', 'new')
  isSaving = true
  expect((await c.sync(0)).problems).toEqual([])
  await c.sync(0)
  expect(readFileSync(join(a, 'x'), 'utf8')).toBe('newer content')
  const { bytes, metadata } = c.store.objects.get('x') ?? {}
  expect(new TextDecoder().decode(bytes)).toBe('newer content')
  expect(metadata?.user['executable']).toBe('true')
})

test('a dry run sees a bit that changed, also where the staging folder is gone', async () => {
  using c = await pair()
  writeFileSync(join(c.a, 'x'), 'x')
  await c.sync(0)
  chmodSync(join(c.a, 'x'), 0o755)
  rmSync(join(c.a, '.lsync/staging'), { recursive: true })
  const { totals } = await c.sync(0, { dryRun: true })
  expect(totals).toMatchObject({ uploaded: { files: 1 } })
  expect((await c.sync(0)).totals).toEqual(totals)
})

test('the bit goes both ways, on and off, and where both are new it stays set', async () => {
  using c = await pair()
  writeFileSync(join(c.a, 'x'), 'x')
  writeFileSync(join(c.a, 'both'), 'same')
  await c.sync(0)
  writeFileSync(join(c.b, 'both'), 'same')
  chmodSync(join(c.b, 'both'), 0o755)
  await c.sync(1)
  await c.sync(0)
  expect(c.isExecutable(c.a, 'both')).toBe(true)
  for (const [mode, from, to] of [
    [0o755, 0, 1],
    [0o644, 1, 0],
    [0o755, 1, 0],
    [0o644, 0, 1],
  ] as const) {
    chmodSync(join(c.folders[from] ?? '', 'x'), mode)
    await c.sync(from)
    await c.sync(to)
    for (const folder of c.folders) expect(c.isExecutable(folder, 'x')).toBe(mode === 0o755)
  }
})

test('a file that takes the place of another one takes the bit that others set there', async () => {
  using c = await pair()
  writeFileSync(join(c.a, 'x'), 'old')
  writeFileSync(join(c.a, 'y'), 'new content')
  await c.sync(0)
  await c.sync(1)
  chmodSync(join(c.b, 'x'), 0o755)
  await c.sync(1)
  renameSync(join(c.a, 'y'), join(c.a, 'x'))
  for (const index of [0, 1, 0, 1]) await c.sync(index)
  for (const folder of [c.a, c.b]) {
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('new content')
    expect(c.isExecutable(folder, 'x')).toBe(true)
  }
})
