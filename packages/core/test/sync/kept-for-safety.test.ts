import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskError, nodeDisk, StorageError } from '../../src/index.ts'
import { pair, read, write } from './pair.ts'
import { clones } from './two-clones.ts'

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

test.each([
  'bad-key',
  // Of what stands there, no listing shows anything.
  'key-conflict',
] as const)(
  'a name that the store cannot keep (%s) holds up no removals, but of what was moved to it',
  async (refusal) => {
    using c = await pair()
    for (const name of ['old', 'moving']) write(c.a, name, `content of ${name}`)
    await c.sync(0)
    rmSync(join(c.a, 'old'))
    renameSync(join(c.a, 'moving'), join(c.a, 'what?'))
    c.refuse('what?', refusal)
    const report = await c.sync(0)
    expect(report.problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
      'moving kept-for-safety',
      'what? name-refused',
    ])
    expect([...c.store.objects.keys()].filter((key) => !key.startsWith('.lsync'))).toEqual([
      'moving',
    ])
  },
)

test('a name that the store takes for another one is told as that, and holds up no removals, but of what was moved to it', async () => {
  // As a server over a disk that folds case: it keeps the first spelling, and answers for every other one.
  const spellings = new Map<string, string>()
  const spelled = (key: string): string => {
    const first = spellings.get(key.toLowerCase()) ?? key
    spellings.set(key.toLowerCase(), first)
    return first
  }
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      async head(key, options) {
        const found = await provider.head(spellings.get(key.toLowerCase()) ?? key, options)
        return found === undefined ? undefined : { ...found, key }
      },
      write: (key, source, options) => provider.write(spelled(key), source, options),
      copy: (from, to, options) => provider.copy!(from, spelled(to), options),
    }),
  })
  const keys = () => [...c.store.objects.keys()].filter((key) => !key.startsWith('.lsync'))
  const [a = ''] = c.folders
  for (const name of ['gone', 'moving', 'x']) write(a, name, `content of ${name}`)
  await c.sync(0)
  write(a, 'X', 'another')
  rmSync(join(a, 'gone'))
  renameSync(join(a, 'moving'), join(a, 'MOVING'))
  for (let run = 0; run < 2; run++) {
    const report = await c.sync(0)
    expect(report.conflicts).toEqual([])
    expect(report.problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
      'MOVING name-refused',
      'X name-refused',
      'moving kept-for-safety',
    ])
    expect(keys().toSorted()).toEqual(['moving', 'x'])
  }
  // By name, too: what the store answers for it is none of its own.
  await c.sync(0, { paths: ['MOVING', 'moving'] })
  expect(keys().toSorted()).toEqual(['moving', 'x'])
  expect(readdirSync(a).toSorted()).toEqual(['.lsync', 'MOVING', 'X', 'x'])
})

test('nor does a name that this disk cannot hold, to which others moved what is here', async () => {
  using c = await clones(2, {
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async rename(from, to, options) {
          if (to === 'what?') throw new DiskError('bad-name', to, 'invalid argument, EINVAL')
          return disk.rename(from, to, options)
        },
      }
    },
  })
  const [a = '', b = ''] = c.folders
  for (const name of ['old', 'moving']) write(a, name, `content of ${name}`)
  await c.sync(0)
  await c.sync(1)
  rmSync(join(a, 'old'))
  renameSync(join(a, 'moving'), join(a, 'what?'))
  await c.sync(0)
  expect((await c.sync(1)).problems).toMatchObject([{ path: 'what?', code: 'name-unsafe' }])
  expect(readdirSync(b).filter((name) => name !== '.lsync')).toEqual(['moving'])
})

test('what was moved over a file stays on the remote while that cannot be read', async () => {
  const refused = new Set<string>()
  using c = await clones(2, {
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async open(path) {
          if (refused.has(path)) throw new DiskError('forbidden', path, 'permission denied, EACCES')
          return disk.open(path)
        },
      }
    },
  })
  const [a = '', b = ''] = c.folders
  for (const [name, text] of [
    ['x', 'one 1'],
    ['y', 'two 2'],
    ['other', 'something longer'],
  ] as const)
    write(a, name, text)
  await c.sync(0)
  await c.sync(1)
  renameSync(join(a, 'y'), join(a, 'x'))
  rmSync(join(a, 'other'))
  refused.add('x')
  const report = await c.sync(0)
  expect(report.problems).toEqual([
    { path: 'x', code: 'unreadable', detail: 'permission denied, EACCES' },
    { path: 'y', code: 'kept-for-safety' },
  ])
  expect([...c.store.objects.keys()].filter((key) => !key.startsWith('.'))).toEqual(['x', 'y'])
  await c.sync(1)
  expect(read(b, 'y')).toBe('two 2')

  refused.clear()
  expect((await c.sync(0)).problems).toEqual([])
  await c.sync(1)
  expect(read(b, 'x')).toBe('two 2')
  expect(readdirSync(b).filter((name) => !name.startsWith('.'))).toEqual(['x'])
})

test('a move whose old place stays is none yet: the file came to a new place', async () => {
  using c = await pair()
  write(c.a, 'old', 'content')
  await c.sync(0)
  renameSync(join(c.a, 'old'), join(c.a, 'new'))
  write(c.a, 'other', 'something else')
  c.refuse('other', 'refused')
  const { totals, problems } = await c.sync(0)
  expect(problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
    'old kept-for-safety',
    'other remote-refused',
  ])
  expect(totals).toMatchObject({ moved: 0, uploaded: { files: 1, bytes: 7 }, removedRemotely: 0 })
  c.refuse('other', undefined)
  expect((await c.sync(0)).totals).toMatchObject({
    moved: 0,
    uploaded: { files: 1 },
    removedRemotely: 1,
  })
})

test('a move whose old place is cleared by a later look of the run is one', async () => {
  let failures = 0
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      async remove(key, options) {
        if (key === 'old' && failures++ === 0) throw new StorageError('precondition-failed', 'once')
        return provider.remove(key, options)
      },
    }),
  })
  const [a = ''] = c.folders
  write(a, 'old', 'content')
  await c.sync(0)
  renameSync(join(a, 'old'), join(a, 'new'))
  const { totals, problems } = await c.sync(0)
  expect(problems).toEqual([])
  expect(failures).toBeGreaterThan(1)
  expect(totals).toMatchObject({ moved: 1, uploaded: { files: 0, bytes: 0 }, removedRemotely: 0 })
})

test('a removal that was held back and is not wanted any more does not undo another one later', async () => {
  // Old enough for their times to be believed: else they are hashed again, and recorded anew.
  using c = await clones(2, { now: () => Date.now() + 60_000 })
  const [a = '', b = ''] = c.folders
  mkdirSync(join(a, 'd'))
  write(a, 'd/x', 'x')
  write(a, 'keep', 'k')
  await c.sync(0)
  await c.sync(1)
  renameSync(join(a, 'd'), join(a, '../d'))
  write(a, 'new', 'n')
  c.refuse('new', 'refused')
  expect((await c.sync(0)).problems.map(({ path, code }) => `${path} ${code}`)).toContain(
    'd/x kept-for-safety',
  )
  renameSync(join(a, '../d'), join(a, 'd'))
  c.refuse('new', undefined)
  await c.sync(0)

  rmSync(join(b, 'd'), { recursive: true })
  await c.sync(1)
  expect((await c.sync(0)).totals).toMatchObject({ removedLocally: 1, uploaded: { files: 0 } })
  expect(c.store.objects.has('d/x')).toBe(false)
})

test('a dry run foresees what is not sent, since what would make room for it stays', async () => {
  using c = await pair()
  for (const folder of ['d', 'e']) mkdirSync(join(c.a, folder))
  for (const path of ['d/x', 'e/y', 'e/z', 'f', '1', '2', '3', '4']) write(c.a, path, `is ${path}`)
  await c.sync(0)
  for (const folder of ['d', 'e']) rmSync(join(c.a, folder), { recursive: true })
  renameSync(join(c.a, 'f'), join(c.a, 'e'))
  write(c.a, 'd', 'a file now')
  // What is left of the folder that f took the name of was not named.
  const paths = ['d', 'f']
  const told = ({ problems }: Awaited<ReturnType<typeof c.sync>>): readonly string[] =>
    problems.map(({ path, code }) => `${path} ${code}`).toSorted()
  const foreseen = await c.sync(0, { paths, dryRun: true })
  expect(foreseen.totals.uploaded.files).toBe(0)
  const report = await c.sync(0, { paths })
  expect(told(report)).toEqual([
    'd no-place-there',
    'd/x kept-for-safety',
    'e below-a-file',
    'f kept-for-safety',
  ])
  expect(told(foreseen)).toEqual(told(report))
  expect(report.totals.uploaded.files).toBe(0)
  expect(c.store.objects.has('d')).toBe(false)
})
