import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type Disk, nodeDisk } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const link = (folder: string, path: string, target: string): void =>
  symlinkSync(target, join(folder, path))
const LINK = { type: 'link' }
const IDLE = {
  conflicts: [],
  problems: [],
  totals: {
    uploaded: { files: 0 },
    downloaded: { files: 0 },
    removedLocally: 0,
    removedRemotely: 0,
  },
}

/** Two clones, and a folder that is none of lsync's business. */
async function pair(policies: readonly ('skip' | 'store')[] = ['store', 'store']) {
  const outside = mkdtempSync(join(tmpdir(), 'lsync-outside-'))
  writeFileSync(join(outside, 'precious'), 'precious')
  const both = await clones(2)
  for (const [index, policy] of policies.entries()) await both.configure(index, 'symlinks', policy)
  const [a = '', b = ''] = both.folders
  const keys = (): string[] =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  return {
    ...both,
    a,
    b,
    keys,
    outside,
    [Symbol.dispose]() {
      both[Symbol.dispose]()
      rmSync(outside, { recursive: true })
    },
  }
}

test('links travel as links, changed and removed too', async () => {
  using c = await pair()
  write(c.a, 'd/file', 'x')
  const targets = {
    'd/to-file': 'file',
    broken: 'nowhere',
    'to-folder': 'd',
    out: '../../..',
    absolute: '/etc',
  }
  for (const [path, target] of Object.entries(targets)) link(c.a, path, target)
  expect((await c.sync(0)).totals).toMatchObject({ uploaded: { files: 6 } })
  expect(c.keys()).toEqual(['absolute', 'broken', 'd/file', 'd/to-file', 'out', 'to-folder'])
  expect(c.store.objects.get('broken')?.metadata.user['type']).toBe('link')
  await c.sync(1)
  for (const [path, target] of Object.entries(targets))
    expect(readlinkSync(join(c.b, path))).toBe(target)
  for (const index of [0, 1, 0, 1]) expect(await c.sync(index)).toMatchObject(IDLE)

  unlinkSync(join(c.b, 'broken'))
  link(c.b, 'broken', 'elsewhere')
  unlinkSync(join(c.b, 'out'))
  await c.sync(1)
  expect((await c.sync(0)).totals).toMatchObject({ downloaded: { files: 1 }, removedLocally: 1 })
  expect(readlinkSync(join(c.a, 'broken'))).toBe('elsewhere')
  expect(existsSync(join(c.a, 'out'))).toBe(false)
  const [run = ''] = readdirSync(join(c.a, '.lsync/trash'))
  expect(readlinkSync(join(c.a, '.lsync/trash', run, 'broken'))).toBe('nowhere')
})

test('a link takes the place of a file or a folder, and gives it back', async () => {
  using c = await pair()
  write(c.a, 'file', 'content')
  write(c.a, 'folder/x', 'x')
  await c.sync(0)
  await c.sync(1)
  for (const path of ['file', 'folder']) {
    rmSync(join(c.a, path), { recursive: true })
    link(c.a, path, join(c.outside))
  }
  await c.sync(0)
  expect(c.keys()).toEqual(['file', 'folder'])
  expect((await c.sync(1)).problems).toEqual([])
  expect([readlinkSync(join(c.b, 'file')), readlinkSync(join(c.b, 'folder'))]).toEqual([
    c.outside,
    c.outside,
  ])
  for (const path of ['file', 'folder']) unlinkSync(join(c.b, path))
  write(c.b, 'file', 'content again')
  write(c.b, 'folder/y', 'y')
  await c.sync(1)
  expect((await c.sync(0)).problems).toEqual([])
  expect(lstatSync(join(c.a, 'file')).isFile()).toBe(true)
  expect([read(c.a, 'file'), read(c.a, 'folder/y')]).toEqual(['content again', 'y'])
  expect(readdirSync(c.outside)).toEqual(['precious'])
  expect(read(c.outside, 'precious')).toBe('precious')
})

test('a file whose content is that of a link is another thing', async () => {
  using c = await pair()
  write(c.a, 'x', 'target')
  await c.sync(0)
  await c.sync(1)
  rmSync(join(c.a, 'x'))
  link(c.a, 'x', 'target')
  await c.sync(0)
  await c.sync(1)
  expect(readlinkSync(join(c.b, 'x'))).toBe('target')
  write(c.a, 'new', 'same')
  link(c.b, 'new', 'same')
  await c.sync(0)
  expect((await c.sync(1)).conflicts.map(({ path }) => path)).toEqual(['new'])
  await c.sync(1, { conflict: 'keep-both' })
  await c.sync(0)
  expect(readlinkSync(join(c.a, 'new'))).toBe('same')
  const copy = readdirSync(c.a).find((name) => name.includes('conflict, author0')) ?? ''
  expect(lstatSync(join(c.a, copy)).isFile()).toBe(true)
})

test('the same link on both sides is adopted', async () => {
  using c = await pair()
  for (const folder of [c.a, c.b]) link(folder, 'x', 'target')
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ conflicts: [], totals: { adopted: 1 } })
  expect(await c.sync(1)).toMatchObject(IDLE)
})

test('where links are skipped, a local one is a problem and hides nothing, on either side', async () => {
  using c = await pair(['skip', 'skip'])
  write(c.a, 'x', 'x')
  write(c.a, 'd/y', 'y')
  write(c.a, 'z', 'z')
  write(c.a, 'stays', 'stays')
  await c.sync(0)
  await c.sync(1)
  for (const path of ['x', 'd']) {
    rmSync(join(c.a, path), { recursive: true })
    link(c.a, path, c.outside)
  }
  rmSync(join(c.a, 'z'))
  const report = await c.sync(0)
  expect(report.problems).toEqual([
    { path: 'd', code: 'symbolic-link' },
    { path: 'x', code: 'symbolic-link' },
  ])
  expect(report.totals).toMatchObject({ uploaded: { files: 0 }, removedRemotely: 1 })
  expect(c.keys()).toEqual(['d/y', 'stays', 'x'])
})

test('where links are skipped, one on the remote is a problem, and stands in nothing else’s way', async () => {
  using c = await pair(['store', 'skip'])
  write(c.a, 'gone', 'gone')
  write(c.a, 'replaced', 'file')
  await c.sync(0)
  await c.sync(1)
  link(c.a, 'x', 'target')
  rmSync(join(c.a, 'replaced'))
  link(c.a, 'replaced', 'target')
  rmSync(join(c.a, 'gone'))
  await c.sync(0)
  for (let run = 0; run < 3; run++) {
    const report = await c.sync(1)
    expect(report.problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
      'replaced symbolic-link',
      'x symbolic-link',
    ])
    expect(report.totals.removedLocally).toBe(run === 0 ? 1 : 0)
  }
  expect(read(c.b, 'replaced')).toBe('file')
  expect(existsSync(join(c.b, 'x'))).toBe(false)
  expect(c.keys()).toEqual(['replaced', 'x'])
  // A file in its place here is not sent over it, nor is the link removed there.
  write(c.b, 'x', 'mine')
  expect((await c.sync(1)).problems.map(({ path }) => path)).toContain('x')
  expect(c.store.objects.get('x')?.metadata.user['type']).toBe('link')
  rmSync(join(c.b, 'x'))
  // The other policy brings it, and the way back forgets nothing.
  await c.configure(1, 'symlinks', 'store')
  await c.sync(1)
  expect([readlinkSync(join(c.b, 'x')), readlinkSync(join(c.b, 'replaced'))]).toEqual([
    'target',
    'target',
  ])
  await c.configure(1, 'symlinks', 'skip')
  await c.sync(1)
  unlinkSync(join(c.b, 'x'))
  expect((await c.sync(1)).totals.removedRemotely).toBe(0)
  await c.configure(1, 'symlinks', 'store')
  expect((await c.sync(1)).totals).toMatchObject({ removedRemotely: 0, downloaded: { files: 1 } })
})

test.each(['', '\0', 'a\0b', 'x'.repeat(4096), 'x'.repeat(300_000)])(
  'a link on the remote that can be none is a problem (%#)',
  async (target) => {
    using c = await pair()
    await c.put('x', target, LINK)
    await c.put('y', 'y')
    const report = await c.sync(0)
    expect(report.problems).toMatchObject([{ path: 'x', code: 'link-target' }])
    expect(read(c.a, 'y')).toBe('y')
    expect(readdirSync(join(c.a, '.lsync/staging'))).toEqual([])
    expect(c.keys()).toEqual(['x', 'y'])
  },
)

test('nothing is written through a link that came from the remote', async () => {
  using c = await pair()
  await c.put('d', c.outside, LINK)
  await c.put('up', '../..', LINK)
  await c.sync(0)
  expect(readlinkSync(join(c.a, 'd'))).toBe(c.outside)
  // Beside the link, below it, and in its place.
  await c.put('d/precious', 'overwritten')
  await c.put('up/evil', 'evil')
  const beside = await c.sync(0)
  expect(beside.problems.map(({ path, code }) => `${path} ${code}`)).toEqual([
    'd/precious below-a-file',
    'up/evil below-a-file',
  ])
  const gone = c.store.objects.get('d')
  await c.store.open().remove('d', {
    signal: new AbortController().signal,
    expect: gone?.version ?? '',
  })
  await c.sync(0)
  expect(lstatSync(join(c.a, 'd')).isDirectory()).toBe(true)
  expect(read(c.a, 'd/precious')).toBe('overwritten')
  expect(read(c.outside, 'precious')).toBe('precious')
  expect(readdirSync(c.outside)).toEqual(['precious'])
  expect(existsSync(join(c.a, '../../evil'))).toBe(false)
})

/** A disk on which somebody swaps a folder for a link between two calls. */
function swapping(
  root: string,
  folder: string,
  target: string,
  at: number,
): Disk & { calls: number } {
  const disk = nodeDisk(root)
  const counting = { calls: 0 }
  const swap = (): void => {
    if (++counting.calls !== at || !existsSync(join(root, folder))) return
    renameSync(join(root, folder), join(root, `${folder}-aside`))
    symlinkSync(target, join(root, folder))
  }
  return new Proxy(disk, {
    get(of, name) {
      if (name === 'calls') return counting.calls
      const value: unknown = Reflect.get(of, name)
      if (typeof value !== 'function') return value
      return (...values: unknown[]) => {
        swap()
        return Reflect.apply(value, of, values) as unknown
      }
    },
  }) as Disk & { calls: number }
}

test('a folder that becomes a link between any two steps of a run leads nowhere', async () => {
  const run = async (at: number): Promise<number> => {
    const outside = mkdtempSync(join(tmpdir(), 'lsync-outside-'))
    writeFileSync(join(outside, 'changed'), 'precious')
    let disk: (Disk & { calls: number }) | undefined
    const box: { armed: number } = { armed: -1 }
    using c = await clones(2, {
      openDisk: (root) => {
        if (!root.endsWith('clone1')) return nodeDisk(root)
        disk = swapping(root, 'd', outside, box.armed)
        return disk
      },
    })
    const [a = '', b = ''] = c.folders
    for (const path of ['changed', 'removed', 'moved']) write(a, `d/${path}`, `content of ${path}`)
    await c.sync(0)
    await c.sync(1)
    write(a, 'd/changed', 'new content')
    rmSync(join(a, 'd/removed'))
    mkdirSync(join(a, 'd/e'))
    renameSync(join(a, 'd/moved'), join(a, 'd/e/moved'))
    write(a, 'd/new', 'new')
    await c.sync(0)
    box.armed = at
    await c.sync(1, { allow: ['mass-delete'] })
    expect({ at, files: readdirSync(outside) }).toEqual({ at, files: ['changed'] })
    expect({ at, text: read(outside, 'changed') }).toEqual({ at, text: 'precious' })
    expect(existsSync(b)).toBe(true)
    rmSync(outside, { recursive: true })
    return disk?.calls ?? 0
  }
  const calls = await run(-1)
  expect(calls).toBeGreaterThan(60)
  for (let at = 1; at <= calls; at += 5) await run(at)
}, 60_000)
