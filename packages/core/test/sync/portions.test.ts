import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Disk, DiskError, type LsyncEvent, nodeDisk } from '../../src/index.ts'
import { type Clones, clones } from './two-clones.ts'

const NAMES = ['a', 'b/1', 'b/2', 'b/3/x', 'c', 'd/y', 'e']

function write(folder: string, path: string, text = `content of ${path}`): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('.lsync/'))
    .toSorted()
}

function keysOf({ store }: Clones): readonly string[] {
  return [...store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
}

/** Two clones, the first of which holds the names already. */
async function first(names: readonly string[]) {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  for (const name of names) write(a, name)
  return { ...both, a, b, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test.each([1, 2, 3, 7, 8])(
  'what is new goes up and comes down in portions of %d',
  async (portion) => {
    using c = await first(NAMES)
    const up = await c.sync(0, { portion })
    expect(up.totals).toMatchObject({ uploaded: { files: NAMES.length }, failed: 0 })
    const planned = up.events.filter((event) => event.type === 'planned')
    expect(planned).toEqual([
      {
        type: 'planned',
        actions: NAMES.length,
        transfers: NAMES.length,
        bytes: up.totals.uploaded.bytes,
      },
    ])
    expect(keysOf(c)).toEqual(NAMES)
    expect((await c.sync(1, { portion })).totals).toMatchObject({
      downloaded: { files: NAMES.length },
    })
    expect(namesIn(c.b)).toEqual(NAMES)
    for (const name of NAMES)
      expect(readFileSync(join(c.b, name), 'utf8')).toBe(`content of ${name}`)
    for (const index of [0, 1])
      expect((await c.sync(index, { portion })).totals).toMatchObject({
        uploaded: { files: 0 },
        downloaded: { files: 0 },
        unchanged: NAMES.length,
      })
  },
)

test('a dry run tells all of it, and does nothing', async () => {
  using c = await first(NAMES)
  const { events, totals } = await c.sync(0, { portion: 2, dryRun: true })
  const told = events.flatMap((event) =>
    event.type === 'action' && event.result === 'planned' ? [event.action.path] : [],
  )
  expect(told).toEqual(NAMES)
  expect(totals.uploaded.files).toBe(NAMES.length)
  expect(keysOf(c)).toEqual([])
  expect((await c.sync(0)).totals.uploaded.files).toBe(NAMES.length)
})

test('a renamed folder is still a move, also where its new name comes first', async () => {
  using c = await first(NAMES)
  await c.sync(0)
  await c.sync(1)
  renameSync(join(c.a, 'b'), join(c.a, 'B'))
  for (const name of ['A', 'C', 'f', 'g']) write(c.a, name, `something longer for ${name}`)
  expect((await c.sync(0, { portion: 1 })).totals).toMatchObject({
    moved: 3,
    removedRemotely: 0,
    uploaded: { files: 4 },
  })
  expect((await c.sync(1, { portion: 1 })).totals).toMatchObject({
    moved: 3,
    removedLocally: 0,
    downloaded: { files: 4 },
  })
  expect(namesIn(c.b)).toEqual(namesIn(c.a))
  expect(keysOf(c)).toEqual(namesIn(c.a))
})

test('a file here and a folder of its name there are a conflict, whatever else is new', async () => {
  using c = await first(['0', '1', 'x', 'y', 'z'])
  for (const name of ['2', 'x/1', 'x/2', 'zz']) write(c.b, name)
  await c.sync(1)
  const { conflicts, totals } = await c.sync(0, { portion: 1, allow: ['unrelated'] })
  expect(conflicts).toMatchObject([{ path: 'x', kind: 'file-folder' }])
  expect(totals).toMatchObject({ uploaded: { files: 4 }, downloaded: { files: 2 } })
  expect(keysOf(c)).toEqual(['0', '1', '2', 'x/1', 'x/2', 'y', 'z', 'zz'])
})

test('a remote of something else halts the first run, before anything is done', async () => {
  using c = await first(NAMES)
  for (const name of NAMES) write(c.b, name, `quite another content of ${name}`)
  await c.sync(1)
  expect((await c.sync(0, { portion: 2 })).halted).toMatchObject([{ guard: 'unrelated' }])
  for (const name of NAMES.slice(2)) write(c.a, name, `quite another content of ${name}`)
  const { halted, conflicts } = await c.sync(0, { portion: 2 })
  expect(halted).toEqual([])
  expect(conflicts.map(({ path }) => path)).toEqual(NAMES.slice(0, 2))
})

test('what is new and the same on both sides is learned in portions', async () => {
  using c = await first(NAMES)
  for (const name of NAMES) write(c.b, name)
  await c.sync(1)
  expect((await c.sync(0, { portion: 2 })).totals).toMatchObject({ adopted: NAMES.length })
})

test('that a touched file is what it was is learned, also where the run halts', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `f${index}`)
  using c = await first(names)
  await c.sync(0)
  for (const name of names.slice(4)) rmSync(join(c.a, name))
  const touched = new Date(1_700_000_000_000)
  for (const name of names.slice(0, 4)) utimesSync(join(c.a, name), touched, touched)
  // What changed only just now is hashed again each time.
  await setTimeout(50)
  const look = async (dryRun: boolean): Promise<number> => {
    const { halted, events } = await c.sync(0, { dryRun })
    expect(halted).toMatchObject([{ guard: 'mass-delete', affected: 8 }])
    return events.filter(({ type }) => type === 'hashed').length
  }
  expect(await look(true)).toBe(4)
  expect(await look(false)).toBe(4)
  expect(await look(false)).toBe(0)
})

/** How often the run set out to compare, and to transfer. */
function phases(events: readonly LsyncEvent[]) {
  const count = (phase: string): number =>
    events.filter((event) => event.type === 'phase' && event.phase === phase).length
  return { comparing: count('comparing'), transferring: count('transferring') }
}

test('removals come after all that is new, and not at all where some of it did not arrive', async () => {
  using c = await first(['m', 'z'])
  await c.sync(0)
  rmSync(join(c.a, 'm'))
  for (const name of ['a', 'b', 'part1', 'part2']) write(c.a, name, `a part of m, ${name}`)
  c.refuse('part2', 'refused')
  const { problems, totals } = await c.sync(0, { portion: 1 })
  expect(problems.map(({ path, code }) => [path, code])).toEqual([
    ['part2', 'remote-refused'],
    ['m', 'kept-for-safety'],
  ])
  expect(totals).toMatchObject({ uploaded: { files: 3 }, removedRemotely: 0 })
  c.refuse('part2', undefined)
  expect((await c.sync(0, { portion: 1 })).totals.removedRemotely).toBe(1)
  expect(keysOf(c)).toEqual(['a', 'b', 'part1', 'part2', 'z'])
})

test('a folder whose files are all replaced by others stays the same folder', async () => {
  using c = await first(['d/old', 'z'])
  await c.sync(0)
  await c.sync(1)
  chmodSync(join(c.b, 'd'), 0o700)
  const { ino } = statSync(join(c.b, 'd'))
  rmSync(join(c.a, 'd/old'))
  for (const name of ['a', 'b', 'd/1', 'd/2']) write(c.a, name, `quite new: ${name}`)
  await c.sync(0)
  await c.sync(1, { portion: 1 })
  expect(namesIn(c.b)).toEqual(['a', 'b', 'd/1', 'd/2', 'z'])
  const now = statSync(join(c.b, 'd'))
  expect([now.ino, now.mode & 0o777]).toEqual([ino, 0o700])
})

test('what was left is done, though a file beside it changes meanwhile', async () => {
  using c = await first(['app.log'])
  const long = new Date(1_600_000_000_000)
  utimesSync(join(c.a, 'app.log'), long, long)
  await setTimeout(50)
  await c.sync(0)
  for (let index = 1; index < 6; index++) write(c.a, `app.log.${index}`)
  const { totals } = await c.sync(0, {
    portion: 2,
    onEvent: ({ type }) => {
      if (type === 'planned') appendFileSync(join(c.a, 'app.log'), 'one more line')
    },
  })
  expect(totals.uploaded.files).toBe(5)
})

test('what was left is done, though a mark comes to stand above it', async () => {
  const names = Array.from({ length: 9 }, (_, index) => `m/${index}`)
  using c = await first(names)
  let marked: Promise<void> | undefined
  await c.sync(0, {
    portion: 3,
    onEvent: ({ type }) => {
      if (type === 'planned') marked = c.put('m/', '')
    },
  })
  await marked
  expect(keysOf(c)).toEqual(['m/', ...names])
})

test('what cannot be seen any more when its turn comes is told', async () => {
  let looks = 0
  const openDisk = (root: string): Disk => ({
    ...bound(nodeDisk(root)),
    async list(folder) {
      if (folder === 'z' && ++looks > 1) throw new DiskError('forbidden', folder, 'no entry')
      return nodeDisk(root).list(folder)
    },
  })
  using c = await clones(1, { openDisk })
  const [a = ''] = c.folders
  for (const name of ['a', 'b', 'z/1', 'z/2']) write(a, name)
  const { problems } = await c.sync(0, { portion: 2 })
  expect(problems).toMatchObject([{ path: 'z/', code: 'unreadable' }])
  expect(keysOf(c)).toEqual(['a', 'b'])
})

/** Methods that may be taken apart from their disk. */
function bound(disk: Disk): Disk {
  return new Proxy(disk, {
    ownKeys: (target) => [
      ...Object.keys(target),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(target)),
    ],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('marks of folders, and names that begin like others, do not keep all in one plan', async () => {
  using c = await first(['frame', ...Array.from({ length: 9 }, (_, index) => `frame.${index}`)])
  expect(phases((await c.sync(0, { portion: 3 })).events).transferring).toBeGreaterThan(3)
  for (let index = 0; index < 9; index++) await c.put(`photos/${index}`, `${index}`)
  // One that is no older than what is in it counts as an empty folder.
  await c.put('photos/', '')
  const { events, totals } = await c.sync(0, { portion: 3 })
  expect(phases(events).transferring).toBeGreaterThan(3)
  expect(totals.downloaded.files).toBe(10)
})

test('what is only for the other direction is read once', async () => {
  using c = await first(NAMES)
  expect(phases((await c.sync(0, { portion: 2, mode: 'pull' })).events)).toEqual({
    comparing: 1,
    transferring: 1,
  })
})

test('an unrelated remote of files that are as long halts, too', async () => {
  using c = await first([])
  for (let index = 0; index < 12; index++) {
    write(c.a, `t${index}`, 'ours')
    write(c.b, `t${index}`, 'none')
  }
  await c.sync(1)
  const { halted } = await c.sync(0, { portion: 2, conflict: 'remote' })
  expect(halted).toMatchObject([{ guard: 'unrelated' }])
})
