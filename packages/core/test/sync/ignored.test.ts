import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskError, nodeDisk } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

async function pair() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  const keys = (): string[] =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  return { ...both, a, b, keys, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('rules of nested files hold, travel, and leave alone what they name on either side', async () => {
  using c = await pair()
  write(c.a, '.lsyncignore', '*.log\n')
  write(c.a, 'x.log', 'local')
  write(c.a, 'd/.lsyncignore', '!keep.log\n/!*\n')
  write(c.a, 'd/keep.log', 'kept')
  write(c.a, 'd/!here', 'before the rules in the order of keys')
  write(c.a, '.DS_Store', 'junk')
  await c.sync(0)
  const synced = ['.lsyncignore', 'd/.lsyncignore', 'd/keep.log']
  expect(c.keys()).toEqual(synced)
  // Other tools may write what is ignored: it is neither brought nor removed.
  const foreign = ['d/!there', 'd/e/x.log', 'x.log']
  for (const key of foreign) await c.put(key, 'there')
  const report = await c.sync(0)
  expect(report).toMatchObject({
    problems: [],
    conflicts: [],
    totals: { downloaded: { files: 0 }, removedRemotely: 0, unchanged: 3 },
  })
  expect(c.keys()).toEqual([...synced, ...foreign].toSorted())
  expect(read(c.a, 'x.log')).toBe('local')
})

const SIDES = ['unchanged', 'edited', 'removed'] as const
type Expected = 'nothing' | 'conflict' | 'local' | 'remote' | 'gone'
const OUTCOMES: Readonly<Record<string, Expected>> = {
  'unchanged unchanged': 'nothing',
  'unchanged edited': 'conflict',
  'unchanged removed': 'local',
  'edited unchanged': 'conflict',
  'edited edited': 'conflict',
  'edited removed': 'local',
  'removed unchanged': 'remote',
  'removed edited': 'remote',
  'removed removed': 'gone',
}

test.each(SIDES.flatMap((local) => SIDES.map((remote) => ({ local, remote }))))(
  'left out and taken back in: $local here, $remote there',
  async ({ local, remote }) => {
    using c = await pair()
    write(c.a, 'x', 'base')
    write(c.a, 'other', 'other')
    await c.sync(0)
    await c.sync(1)
    await c.configure(0, 'ignore', 'x')
    await c.sync(0)
    if (local === 'edited') write(c.a, 'x', 'edited here')
    if (local === 'removed') rmSync(join(c.a, 'x'))
    if (remote === 'edited') write(c.b, 'x', 'edited there')
    if (remote === 'removed') rmSync(join(c.b, 'x'))
    await c.sync(1)
    const there = c.store.objects.has('x')
    const here = existsSync(join(c.a, 'x'))
    const ignored = await c.sync(0)
    expect(ignored).toMatchObject({ problems: [], conflicts: [], totals: { unchanged: 1 } })
    expect([existsSync(join(c.a, 'x')), c.store.objects.has('x')]).toEqual([here, there])

    await c.configure(0, 'ignore', undefined)
    const report = await c.sync(0)
    const expected = OUTCOMES[`${local} ${remote}`]
    expect(report.totals).toMatchObject({ removedLocally: 0, removedRemotely: 0 })
    expect(report.conflicts.map(({ path }) => path)).toEqual(expected === 'conflict' ? ['x'] : [])
    expect(report.totals.uploaded.files).toBe(expected === 'local' ? 1 : 0)
    expect(report.totals.downloaded.files).toBe(expected === 'remote' ? 1 : 0)
    if (expected === 'conflict' || expected === 'gone') return
    // From here on it is a file like any other: a removal is a removal again.
    rmSync(join(c.a, 'x'))
    expect((await c.sync(0)).totals.removedRemotely).toBe(1)
  },
)

test('the same content on both sides after a time of being left out is no conflict', async () => {
  using c = await pair()
  write(c.a, 'x', 'base')
  await c.sync(0)
  await c.sync(1)
  await c.configure(0, 'ignore', 'x')
  await c.sync(0)
  write(c.a, 'x', 'the same edit')
  write(c.b, 'x', 'the same edit')
  await c.sync(1)
  await c.configure(0, 'ignore', undefined)
  expect(await c.sync(0)).toMatchObject({ conflicts: [], totals: { adopted: 1 } })
})

test('a clone that is narrowed, cleared and widened again removes nothing', async () => {
  using c = await pair()
  for (const path of ['docs/a', 'docs/b', 'src/a', 'src/d/b']) write(c.a, path, path)
  await c.sync(0)
  await c.sync(1)
  await c.configure(1, 'only', 'docs')
  await c.sync(1)
  rmSync(join(c.b, 'src'), { recursive: true })
  write(c.a, 'src/new', 'new')
  await c.sync(0)
  expect((await c.sync(1)).totals).toMatchObject({ removedRemotely: 0, downloaded: { files: 0 } })
  await c.configure(1, 'only', undefined)
  expect((await c.sync(1)).totals).toMatchObject({ removedRemotely: 0, downloaded: { files: 3 } })
  expect(read(c.b, 'src/d/b')).toBe('src/d/b')
})

test('a selective clone brings the named paths and their rules alone, and sends nothing else', async () => {
  using c = await pair()
  write(c.a, '.lsyncignore', '*.log\n')
  for (const path of ['docs/a', 'docs/deep/b', 'src/a']) write(c.a, path, path)
  await c.sync(0)
  await c.configure(1, 'only', 'docs/deep')
  await c.sync(1)
  expect(readdirSync(c.b).toSorted()).toEqual(['.lsync', '.lsyncignore', 'docs'])
  expect(readdirSync(join(c.b, 'docs'))).toEqual(['deep'])
  write(c.b, 'elsewhere', '1')
  write(c.b, 'docs/beside', '2')
  write(c.b, 'docs/deep/x.log', '3')
  write(c.b, 'docs/deep/new', '4')
  expect((await c.sync(1)).totals).toMatchObject({ uploaded: { files: 1 }, removedRemotely: 0 })
  rmSync(join(c.b, 'docs/deep'), { recursive: true })
  const emptied = await c.sync(1)
  expect(emptied.halted).toEqual([])
  expect(c.keys()).toEqual(['.lsyncignore', 'docs/a', 'src/a'])
})

test.each(['ignore', 'only'])(
  'a file moved to where nothing is synced (%s) is removed there, and kept in everybody’s hands',
  async (key) => {
    using c = await pair()
    for (const path of ['in/x', 'in/y', 'in/z']) write(c.a, path, `content of ${path}`)
    await c.sync(0)
    await c.sync(1)
    await c.configure(0, key, key === 'ignore' ? 'out' : 'in')
    mkdirSync(join(c.a, 'out'))
    renameSync(join(c.a, 'in/x'), join(c.a, 'out/x'))
    expect((await c.sync(0)).totals).toMatchObject({ removedRemotely: 1, moved: 0 })
    renameSync(join(c.a, 'in/y'), join(c.a, 'out/y'))
    expect((await c.sync(0, { paths: ['in'] })).totals).toMatchObject({ removedRemotely: 1 })
    expect([read(c.a, 'out/x'), read(c.a, 'out/y')]).toEqual(['content of in/x', 'content of in/y'])
    expect((await c.sync(1)).totals).toMatchObject({ removedLocally: 2 })
    const [trash = ''] = readdirSync(join(c.b, '.lsync/trash'))
    expect(read(c.b, `.lsync/trash/${trash}/in/x`)).toBe('content of in/x')
    // And what others move out of sight is not followed, nor fetched.
    mkdirSync(join(c.b, 'out'))
    renameSync(join(c.b, 'in/z'), join(c.b, 'out/z'))
    write(c.b, 'in/stays', 'stays')
    await c.sync(1)
    expect((await c.sync(0)).totals).toMatchObject({ removedLocally: 1, moved: 0 })
    expect(existsSync(join(c.a, 'out/z'))).toBe(false)
  },
)

test('rules that arrive together with removals lose nothing, and hold from then on', async () => {
  using c = await pair()
  write(c.a, 'x.log', 'x')
  write(c.a, 'y.log', 'y')
  write(c.a, 'z', 'z')
  await c.sync(0)
  await c.sync(1)
  write(c.a, '.lsyncignore', '*.log')
  rmSync(join(c.a, 'x.log'))
  await c.sync(0)
  // Removed in the very run that left it out: nobody can tell whether that was meant for all.
  expect(c.keys()).toEqual(['.lsyncignore', 'x.log', 'y.log', 'z'])
  write(c.b, 'x.log', 'edited by somebody who knows no rules yet')
  rmSync(join(c.b, 'y.log'))
  await c.sync(1)
  expect(read(c.b, '.lsyncignore')).toBe('*.log')
  write(c.b, 'x.log', 'private from now on')
  expect((await c.sync(1)).totals).toMatchObject({ uploaded: { files: 0 } })
  expect((await c.sync(0)).totals).toMatchObject({ removedLocally: 0, downloaded: { files: 0 } })
  expect(read(c.a, 'y.log')).toBe('y')
})

test('where the rules of a folder cannot be read, nothing in it is judged', async () => {
  let closed = false
  using c = await clones(2, {
    openDisk: (root) => ({
      ...nodeDisk(root),
      async readText(path) {
        if (closed && path === 'd/.lsyncignore') throw new DiskError('forbidden', path, 'closed')
        return nodeDisk(root).readText(path)
      },
    }),
  })
  const [a = ''] = c.folders
  write(a, 'd/.lsyncignore', 'secret')
  write(a, 'd/secret', 'secret')
  write(a, 'd/x', 'x')
  write(a, 'y', 'y')
  await c.sync(0)
  closed = true
  rmSync(join(a, 'd/x'))
  write(a, 'y', 'edited')
  const report = await c.sync(0)
  expect(report.problems).toMatchObject([{ path: 'd/', code: 'unreadable' }])
  expect(report.totals).toMatchObject({ uploaded: { files: 1 }, removedRemotely: 0 })
  expect(c.store.objects.has('d/secret')).toBe(false)
})

test('rules that cannot be followed hold back their folder alone, and say why', async () => {
  using c = await pair()
  const deep = `d/${'a/'.repeat(40)}c`
  write(c.a, deep, 'deep')
  write(c.a, 'e/x', 'x')
  await c.sync(0)
  await c.put('d/.lsyncignore', `${'a/**/'.repeat(8)}b\n`)
  await c.sync(0)
  // More than can be one text.
  write(c.a, 'e/.lsyncignore', '')
  truncateSync(join(c.a, 'e/.lsyncignore'), 600 * 1024 ** 2)
  rmSync(join(c.a, deep))
  rmSync(join(c.a, 'e/x'))
  write(c.a, 'y', 'y')
  const report = await c.sync(0)
  expect(report.problems).toEqual([
    { path: 'd/', code: 'bad-rules', detail: expect.stringMatching(/^line 1 .*three \*\*/) },
    { path: 'e/', code: 'bad-rules', detail: expect.stringContaining('629145600 bytes') },
  ])
  expect(report.totals).toMatchObject({ uploaded: { files: 1 }, removedRemotely: 0 })
  expect(c.keys()).toEqual(['d/.lsyncignore', deep, 'e/x', 'y'].toSorted())

  // Those of the root hold for everything.
  await c.put('.lsyncignore', `*.log\n${'a/**/'.repeat(12)}b\n`)
  await c.sync(0)
  await expect(c.sync(0)).rejects.toMatchObject({
    code: 'bad-configuration',
    facts: { file: '.lsyncignore', line: 2 },
  })
  write(c.a, '.lsyncignore', '*.log')
  await c.sync(0)
  await c.configure(0, 'ignore', '*.o')
  await expect(c.configure(0, 'ignore', `*.o,${'a/**/'.repeat(8)}b`)).rejects.toThrow('three **')
})

test('a .git folder is synced, with one warning where something of it travels', async () => {
  using c = await pair()
  write(c.a, '.git/HEAD', 'ref: refs/heads/main')
  write(c.a, 'sub/.git/HEAD', 'ref: refs/heads/main')
  const warnings = (events: readonly { readonly type: string }[]): number =>
    events.filter((event) => 'message' in event && String(event.message).includes('.git')).length
  expect(warnings((await c.sync(0)).events)).toBe(1)
  expect(warnings((await c.sync(1)).events)).toBe(1)
  expect(warnings((await c.sync(0)).events)).toBe(0)
  expect(read(c.b, 'sub/.git/HEAD')).toBe('ref: refs/heads/main')
})
