import {
  appendFileSync,
  chmodSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Disk, DiskError, nodeDisk } from '../../src/index.ts'
import { alteredDisk } from './altered-disk.ts'
import { clones } from './two-clones.ts'

/** Like a stick from the shop: whatever a mode is set to, all files look alike. */
function alikeDisk(root: string, executable: boolean, refuses: boolean): Disk {
  return alteredDisk(
    root,
    (stat) => ({ ...stat, executable }),
    async () => {
      if (refuses) throw new DiskError('forbidden', root, 'operation not permitted, EPERM')
    },
  )
}

describe.each([
  ['all of whose files look executable', true, false],
  ['none of whose files looks executable', false, false],
  ['that refuses to change the bit', true, true],
])('beside a disk %s', (_, executable, refuses) => {
  /** The first clone is on an ordinary disk, the second one is not. */
  async function pair() {
    const made = await clones(2, {
      openDisk: (root) =>
        /1\/?$/.test(root) ? alikeDisk(root, executable, refuses) : nodeDisk(root),
    })
    const [a = '', b = ''] = made.folders
    return {
      ...made,
      a: (name: string): string => join(a, name),
      b: (name: string): string => join(b, name),
      bit: (name: string): boolean => (statSync(join(a, name)).mode & 0o100) !== 0,
      async settle() {
        for (const index of [1, 0, 1]) expect((await made.sync(index)).problems).toEqual([])
        for (const index of [0, 1])
          expect((await made.sync(index)).totals).toMatchObject({
            uploaded: { files: 0 },
            downloaded: { files: 0 },
            executable: 0,
            adopted: 0,
          })
      },
      [Symbol.dispose]: () => made[Symbol.dispose](),
    }
  }

  test('no bit is changed by what is made, edited or renamed there', async () => {
    using c = await pair()
    writeFileSync(c.a('script'), 'script')
    chmodSync(c.a('script'), 0o755)
    writeFileSync(c.a('text'), 'text')
    await c.sync(0)
    await c.settle()
    writeFileSync(c.b('new'), 'new')
    appendFileSync(c.b('script'), ' edited')
    appendFileSync(c.b('text'), ' edited')
    await c.settle()
    expect(readFileSync(c.a('script'), 'utf8')).toBe('script edited')
    expect([c.bit('script'), c.bit('text'), c.bit('new')]).toEqual([true, false, false])
    renameSync(c.b('script'), c.b('moved'))
    renameSync(c.b('text'), c.b('moved text'))
    await c.settle()
    expect([c.bit('moved'), c.bit('moved text')]).toEqual([true, false])
  })

  test('a bit that is changed elsewhere stays changed, also where the file is the same on both sides at first', async () => {
    using c = await pair()
    for (const name of ['x', 'y']) {
      writeFileSync(c.a(name), name)
      writeFileSync(c.b(name), name)
    }
    chmodSync(c.a('y'), 0o755)
    await c.sync(0)
    await c.settle()
    expect([c.bit('x'), c.bit('y')]).toEqual([false, true])
    chmodSync(c.a('x'), 0o755)
    chmodSync(c.a('y'), 0o644)
    await c.sync(0)
    await c.settle()
    expect([c.bit('x'), c.bit('y')]).toEqual([true, false])
    appendFileSync(c.b('x'), ' edited')
    chmodSync(c.a('x'), 0o644)
    await c.sync(0)
    await c.settle()
    expect(c.bit('x')).toBe(false)
    rmSync(c.a('x'))
    await c.sync(0)
    await c.settle()
    await c.sync(1, { mode: 'push', override: 'force', paths: ['y'] })
    await c.settle()
    expect(c.bit('y')).toBe(false)
  })
})

test('a clone that comes back to an ordinary disk has the bits that were agreed, and changes none', async () => {
  let alike = true
  using c = await clones(2, {
    openDisk: (root) =>
      alike && root.endsWith('1') ? alikeDisk(root, true, false) : nodeDisk(root),
  })
  const [a = '', b = ''] = c.folders
  const bits = (folder: string): readonly boolean[] =>
    ['script', 'text'].map((name) => (statSync(join(folder, name)).mode & 0o100) !== 0)
  writeFileSync(join(a, 'script'), 'script')
  chmodSync(join(a, 'script'), 0o755)
  writeFileSync(join(a, 'text'), 'text')
  for (const index of [0, 1]) await c.sync(index)
  // As after a copy from such a disk.
  chmodSync(join(b, 'script'), 0o644)
  chmodSync(join(b, 'text'), 0o755)
  alike = false
  expect((await c.sync(1, { dryRun: true })).totals).toMatchObject({
    uploaded: { files: 0 },
    executable: 0,
  })
  for (const index of [1, 0])
    expect((await c.sync(index)).totals).toMatchObject({ uploaded: { files: 0 }, executable: 0 })
  expect([bits(a), bits(b)]).toEqual([
    [true, false],
    [true, false],
  ])
  // From now on they count again.
  chmodSync(join(b, 'text'), 0o755)
  for (const index of [1, 0]) await c.sync(index)
  expect(bits(a)).toEqual([true, true])
})

test('where the bit cannot be tried it is not believed, and set all the same', async () => {
  let full = false
  using c = await clones(2, {
    openDisk(root) {
      const disk = root.endsWith('1') && full ? alikeDisk(root, true, false) : nodeDisk(root)
      return {
        ...disk,
        setExecutable: async (path, executable) => nodeDisk(root).setExecutable(path, executable),
        async create(path) {
          if (full && path.includes('/names-'))
            throw new DiskError('no-space', path, 'no space left on device, ENOSPC')
          return nodeDisk(root).create(path)
        },
      }
    },
  })
  const [a = '', b = ''] = c.folders
  writeFileSync(join(a, 'text'), 'text')
  for (const index of [0, 1]) await c.sync(index)
  full = true
  writeFileSync(join(a, 'script'), 'script')
  chmodSync(join(a, 'script'), 0o755)
  await c.sync(0)
  full = false
  await c.sync(0)
  full = true
  expect((await c.sync(1)).totals).toMatchObject({ uploaded: { files: 0 } })
  full = false
  for (const index of [1, 0])
    expect((await c.sync(index)).totals).toMatchObject({ uploaded: { files: 0 }, executable: 0 })
  expect(statSync(join(b, 'script')).mode & 0o100).toBe(0o100)
})
