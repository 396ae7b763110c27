import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Disk, nodeDisk } from '../../src/index.ts'
import { LINK, clonesWithLinks, read, write } from './clones-with-links.ts'
import { clones } from './two-clones.ts'

test.each(['', '\0', 'a\0b', 'x'.repeat(4096), 'x'.repeat(300_000)])(
  'a link on the remote that can be none is a problem (%#)',
  async (target) => {
    using c = await clonesWithLinks()
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
  using c = await clonesWithLinks()
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
