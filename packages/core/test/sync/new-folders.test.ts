import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type Disk, DiskError, nodeDisk } from '../../src/index.ts'
import { type Clones, clones } from './two-clones.ts'

/** The second clone works with a disk that behaves so, and says where it renamed something to. */
async function scene(
  around: (disk: Disk, root: string) => Partial<Disk> = () => ({}),
): Promise<{ readonly c: Clones; readonly renamed: string[] }> {
  const renamed: string[] = []
  const c = await clones(2, {
    openDisk: (root) => {
      const real = nodeDisk(root)
      if (!root.endsWith('clone1')) return real
      const disk = { ...real, ...around(real, root) }
      return {
        ...disk,
        async rename(from, to, options) {
          // Not the file by which the disk is tried.
          if (!to.startsWith('.lsync/')) renamed.push(to)
          await disk.rename(from, to, options)
        },
      }
    },
  })
  return { c, renamed }
}

function write(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), path)
  }
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.lsync') && statSync(join(folder, path)).isFile())
    .toSorted()

const PATHS = ['d/e/f/four', 'd/e/three', 'd/one', 'd/two', 'top', 'x/only']

test('folders that are new here come to their place whole, with the times and bits of their files', async () => {
  const { c, renamed } = await scene()
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  chmodSync(join(a, 'd/two'), 0o755)
  utimesSync(join(a, 'd/e/three'), 1_500_000_000, 1_500_000_000)
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ problems: [], conflicts: [] })
  expect(renamed).toEqual(['d', 'x', 'top'])
  expect(filesIn(b)).toEqual(PATHS)
  for (const path of PATHS) expect(readFileSync(join(b, path), 'utf8')).toBe(path)
  expect(statSync(join(b, 'd/two')).mode & 0o100).toBe(0o100)
  expect(statSync(join(b, 'd/e/three')).mtimeMs).toBe(1_500_000_000_000)
  expect(readdirSync(join(b, '.lsync/staging'))).toEqual([])
  renamed.length = 0
  await c.sync(1)
  expect(renamed).toEqual([])
})

test('what comes in several batches gets its folders whole below those that this run brought', async () => {
  const { c, renamed } = await scene()
  using _ = c
  const [a = '', b = ''] = c.folders
  const paths = Array.from({ length: 1500 }, (_path, index) => `d/${1000 + (index >> 3)}/${index}`)
  write(a, paths)
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ problems: [], conflicts: [] })
  expect(filesIn(b)).toEqual(paths.toSorted())
  // Of a folder that two batches share the second part goes file by file.
  expect(renamed.filter((path) => /^d\/\d+$/.test(path)).length).toBeGreaterThan(40)
  expect(renamed.filter((path) => /^d\/\d+\/\d+$/.test(path)).length).toBeLessThan(30)
})

test('what somebody puts at the place of a new folder stays, and its files go beside it one by one', async () => {
  const { c } = await scene((disk, root) => ({
    async rename(from, to, options) {
      if (to === 'd' && !existsSync(join(root, 'd'))) {
        mkdirSync(join(root, 'd'))
        writeFileSync(join(root, 'd/mine'), 'mine')
        writeFileSync(join(root, 'd/one'), 'mine, too')
      }
      await disk.rename(from, to, options)
    },
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  expect((await c.sync(1)).conflicts.map(({ path }) => path)).toEqual(['d/one'])
  expect(filesIn(b)).toEqual([...PATHS, 'd/mine'].toSorted())
  expect(readFileSync(join(b, 'd/one'), 'utf8')).toBe('mine, too')
  expect(readFileSync(join(b, 'd/two'), 'utf8')).toBe('d/two')
  expect(readdirSync(join(b, '.lsync/staging'))).toEqual([])
})

test('what cannot be made among the others is made by itself', async () => {
  const { c, renamed } = await scene((disk) => ({
    createAll: async (folder, files) =>
      folder.endsWith('/e')
        ? files.map(({ name }) => new DiskError('bad-name', name, 'is too long'))
        : disk.createAll(folder, files),
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ problems: [], conflicts: [] })
  expect(renamed).toEqual(['x', 'top', 'd/e/three', 'd/e/f/four', 'd/one', 'd/two'])
  expect(filesIn(b)).toEqual(PATHS)
})

test('a folder that cannot be looked at ends nothing but what goes into it', async () => {
  const { c } = await scene((disk) => ({
    async stat(path) {
      if (path === 'd') throw new DiskError('forbidden', path, 'permission denied')
      return disk.stat(path)
    },
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  await c.sync(1)
  expect(filesIn(b)).toEqual(PATHS)
})

test('half of a file that the disk does not even let go of never comes to a place', async () => {
  const { c } = await scene((disk, root) => ({
    createAll: async (folder, files) => {
      const made = await disk.createAll(folder, files)
      return made.map((stat, index) => {
        const { name = '' } = files[index] ?? {}
        if (name !== 'two') return stat
        writeFileSync(join(root, folder, name), 'd/')
        return new DiskError('no-space', name, 'the quota of this disk is used up')
      })
    },
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  expect(await c.sync(1, { conflict: 'local' })).toMatchObject({ problems: [], conflicts: [] })
  expect(readFileSync(join(b, 'd/two'), 'utf8')).toBe('d/two')
  expect(readdirSync(join(b, '.lsync/staging'))).toEqual([])
})

test('a folder of which only some folders could be made leaves no empty one', async () => {
  const full = (path: string): DiskError => new DiskError('no-space', path, 'no room')
  let room = 0
  const { c } = await scene((disk) => ({
    async makeFolder(path, options) {
      if (path.endsWith('/e/f')) throw full(path)
      await disk.makeFolder(path, options)
    },
    async create(path) {
      if (room-- <= 0) throw full(path)
      return disk.create(path)
    },
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, ['d/e/f/four', 'd/one'])
  await c.sync(0)
  room = 0
  expect((await c.sync(1)).problems).toMatchObject([{ path: 'd/e/f/four' }])
  expect(filesIn(b)).toEqual(['d/one'])
  expect(readdirSync(join(b, 'd'))).toEqual(['one'])
})

test('a disk that is another one by now gets nothing', async () => {
  const { c } = await scene((disk, root) => ({
    async stat(path) {
      // Asked before the first folder is filled.
      if (path === 'd' && existsSync(join(root, '.lsync'))) {
        renameSync(root, `${root} gone`)
        mkdirSync(root)
      }
      return disk.stat(path)
    },
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  await c.sync(1).catch(() => undefined)
  expect(filesIn(b)).toEqual([])
})

test('what is in a new folder survives a power cut before the folder comes to its place', async () => {
  const flushed = new Set<string>()
  const { c } = await scene((disk) => ({
    async flush(paths) {
      for (const path of paths) flushed.add(path)
      await disk.flush(paths)
    },
    async rename(from, to, options) {
      if (to === 'd')
        expect([...flushed].filter((path) => path.startsWith(`${from}/`)).length).toBe(4)
      await disk.rename(from, to, options)
    },
  }))
  using _ = c
  write(c.folders[0] ?? '', PATHS)
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ problems: [] })
  // Also that it is no more where it was.
  expect([...flushed]).toEqual(expect.arrayContaining(['.lsync/staging', 'd/one']))
})

test('long rows of new files let others be heard', async () => {
  let rests = 0
  const { c } = await scene(() => ({ rest: async () => void rests++ }))
  using _ = c
  write(
    c.folders[0] ?? '',
    Array.from({ length: 320 }, (_path, index) => `d/${index}`),
  )
  await c.sync(0)
  rests = 0
  await c.sync(1)
  expect(rests).toBeGreaterThanOrEqual(20)
})

test('no empty folder comes where no file of it could be made', async () => {
  const full = (path: string): DiskError => new DiskError('no-space', path, 'no room')
  const { c } = await scene((disk) => ({
    createAll: async (folder, files) =>
      /\/(?:e|e\/f)$|folder-\w+$/.test(folder)
        ? files.map(({ name }) => full(name))
        : disk.createAll(folder, files),
    create: async (path) => {
      throw full(path)
    },
  }))
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  const { problems } = await c.sync(1)
  expect(problems.map(({ path }) => path).toSorted()).toEqual(PATHS)
  expect(readdirSync(b)).toEqual(['.lsync'])
  expect(readdirSync(join(b, '.lsync/staging'))).toEqual([])
})

test.each([
  ['within a folder that somebody made here', 'd'],
  ['where the root gives another group than the staging folder', ''],
])('%s a new folder is made in its place, with the rights of that one', async (_where, above) => {
  const { c, renamed } = await scene()
  using _ = c
  const [a = '', b = ''] = c.folders
  write(a, PATHS)
  await c.sync(0)
  mkdirSync(join(b, above), { recursive: true })
  chmodSync(join(b, above), 0o2775)
  expect(await c.sync(1)).toMatchObject({ problems: [], conflicts: [] })
  expect(renamed).toEqual(expect.arrayContaining(['d/e/f/four', 'd/e/three', 'd/one', 'd/two']))
  expect(renamed).not.toContain('d')
  expect(statSync(join(b, 'd/e/f')).mode & 0o2000).toBe(0o2000)
})

test('below a folder that this run made by a mark others come whole', async () => {
  const { c, renamed } = await scene()
  using _ = c
  const [a = ''] = c.folders
  write(a, ['m/d/one', 'm/d/two'])
  await c.sync(0)
  // As other tools mark folders, whatever is in them.
  await c.put('m/', '')
  expect(await c.sync(1)).toMatchObject({ problems: [], conflicts: [] })
  expect(renamed).toEqual(['m/d'])
})
