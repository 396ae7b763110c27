import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk } from '../../src/index.ts'
import { CASE, DECOMPOSING, foldingDisk, type Manner } from './folding-disk.ts'
import { clones } from './two-clones.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const IDLE = {
  conflicts: [],
  problems: [],
  totals: {
    uploaded: { files: 0 },
    downloaded: { files: 0 },
    removedLocally: 0,
    removedRemotely: 0,
    moved: 0,
  },
}
const BIG = 'x'.repeat(200_000)

/** `plain` on a disk where every name is its own, `folding` on one where it is not. */
async function pair(manner: Manner = CASE) {
  const both = await clones(2, {
    openDisk: (root) => (root.endsWith('clone1') ? foldingDisk(root, manner) : nodeDisk(root)),
  })
  const [plain = '', folding = ''] = both.folders
  const keys = (): string[] =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  const files = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
      .filter((path) => !path.startsWith('.lsync/'))
      .toSorted()
  return { ...both, plain, folding, keys, files, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

const FOLDED = (path: string) => ({ path, code: 'name-folds' })

test('of two keys that fold together the first comes, the second is a problem, and neither is lost', async () => {
  using c = await pair()
  write(c.plain, 'A.txt', 'A')
  write(c.plain, 'a.txt', 'a')
  write(c.plain, 'Dir/x', 'x')
  write(c.plain, 'dir/y', 'y')
  write(c.plain, 'other', 'other')
  await c.sync(0)
  for (let run = 0; run < 2; run++) {
    const report = await c.sync(1)
    expect(report.problems).toMatchObject([FOLDED('a.txt'), FOLDED('dir/y')])
    expect(c.files(c.folding)).toEqual(['A.txt', 'Dir/x', 'other'])
  }
  expect(read(c.folding, 'A.txt')).toBe('A')
  write(c.folding, 'A.txt', 'edited')
  rmSync(join(c.folding, 'Dir'), { recursive: true })
  expect((await c.sync(1)).totals).toMatchObject({ uploaded: { files: 1 }, removedRemotely: 1 })
  // With the first one gone, the second has its place.
  expect((await c.sync(1)).problems).toMatchObject([FOLDED('a.txt')])
  expect(c.files(c.folding)).toEqual(['A.txt', 'dir/y', 'other'])
  await c.sync(0)
  expect(c.files(c.plain)).toEqual(['A.txt', 'a.txt', 'dir/y', 'other'])
  expect([read(c.plain, 'A.txt'), read(c.plain, 'a.txt')]).toEqual(['edited', 'a'])
})

test('what is here keeps its name, whichever comes first in the order of keys', async () => {
  using c = await pair()
  write(c.plain, 'b.txt', 'b')
  await c.sync(0)
  await c.sync(1)
  write(c.plain, 'B.txt', 'B')
  await c.sync(0)
  expect((await c.sync(1)).problems).toMatchObject([FOLDED('B.txt')])
  write(c.folding, 'new.txt', 'here')
  write(c.plain, 'NEW.txt', 'there')
  await c.sync(0)
  expect((await c.sync(1)).problems).toMatchObject([FOLDED('B.txt'), FOLDED('NEW.txt')])
  expect(c.files(c.folding)).toEqual(['b.txt', 'new.txt'])
  expect(c.keys()).toEqual(['B.txt', 'NEW.txt', 'b.txt', 'new.txt'])
  expect([read(c.folding, 'b.txt'), read(c.folding, 'new.txt')]).toEqual(['b', 'here'])
})

test.each(['a', BIG])('a change of case here is a rename (%#)', async (text) => {
  using c = await pair()
  write(c.folding, 'a.txt', text)
  write(c.folding, 'Dir/x', `${text} x`)
  write(c.folding, 'other', 'other')
  await c.sync(1)
  await c.sync(0)
  renameSync(join(c.folding, 'a.txt'), join(c.folding, 'A.txt'))
  renameSync(join(c.folding, 'Dir'), join(c.folding, 'dir'))
  expect(await c.sync(1)).toMatchObject({ problems: [], conflicts: [], totals: { moved: 2 } })
  expect(c.keys()).toEqual(['A.txt', 'dir/x', 'other'])
  expect(await c.sync(0)).toMatchObject({ problems: [], totals: { moved: 2 } })
  expect(c.files(c.plain)).toEqual(['A.txt', 'dir/x', 'other'])
  expect(await c.sync(1)).toMatchObject(IDLE)
  expect(c.files(c.folding)).toEqual(['A.txt', 'dir/x', 'other'])
})

test.each(['a', BIG])('a change of case there is a rename in place here (%#)', async (text) => {
  using c = await pair()
  write(c.plain, 'a.txt', text)
  write(c.plain, 'd/b.txt', `${text} b`)
  write(c.plain, 'other', 'other')
  await c.sync(0)
  await c.sync(1)
  renameSync(join(c.plain, 'a.txt'), join(c.plain, 'A.txt'))
  renameSync(join(c.plain, 'd/b.txt'), join(c.plain, 'd/B.TXT'))
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({
    problems: [],
    totals: { moved: 2, downloaded: { files: 0 } },
  })
  expect(c.files(c.folding)).toEqual(['A.txt', 'd/B.TXT', 'other'])
  for (const index of [0, 1]) expect(await c.sync(index)).toMatchObject(IDLE)
})

test('renamed and edited there at once: the new name comes, the old content is in the trash', async () => {
  using c = await pair()
  write(c.plain, 'a.txt', 'old')
  write(c.plain, 'other', 'other')
  await c.sync(0)
  await c.sync(1)
  rmSync(join(c.plain, 'a.txt'))
  write(c.plain, 'A.txt', 'new content')
  await c.sync(0)
  expect((await c.sync(1)).problems).toEqual([])
  expect(c.files(c.folding)).toEqual(['A.txt', 'other'])
  expect(read(c.folding, 'A.txt')).toBe('new content')
  const [run = ''] = readdirSync(join(c.folding, '.lsync/trash'))
  expect(read(c.folding, `.lsync/trash/${run}/a.txt`)).toBe('old')
  expect(await c.sync(1)).toMatchObject(IDLE)
})

test('renamed there and edited here: both survive, and a person is told', async () => {
  using c = await pair()
  write(c.plain, 'a.txt', 'base')
  write(c.plain, 'other', 'other')
  await c.sync(0)
  await c.sync(1)
  renameSync(join(c.plain, 'a.txt'), join(c.plain, 'A.txt'))
  await c.sync(0)
  write(c.folding, 'a.txt', 'edited here')
  expect((await c.sync(1)).problems).toMatchObject([FOLDED('A.txt')])
  expect(read(c.folding, 'a.txt')).toBe('edited here')
  expect(c.keys()).toEqual(['A.txt', 'a.txt', 'other'])
})

test('a folder whose case others changed is not mixed up with the one that is here', async () => {
  using c = await pair()
  write(c.plain, 'Dir/x', 'x')
  write(c.plain, 'Dir/y', 'y')
  write(c.plain, 'other', 'other')
  await c.sync(0)
  await c.sync(1)
  renameSync(join(c.plain, 'Dir'), join(c.plain, 'dir'))
  await c.sync(0)
  for (let run = 0; run < 2; run++)
    expect((await c.sync(1)).problems).toMatchObject([FOLDED('dir/x'), FOLDED('dir/y')])
  expect(c.files(c.folding)).toEqual(['Dir/x', 'Dir/y', 'other'])
  // Renamed by hand it is the same again, without a transfer.
  renameSync(join(c.folding, 'Dir'), join(c.folding, 'dir'))
  expect(await c.sync(1)).toMatchObject({ problems: [], totals: { adopted: 2, moved: 0 } })
  expect(await c.sync(1)).toMatchObject(IDLE)
  await c.sync(0)
  expect(c.keys()).toEqual(['dir/x', 'dir/y', 'other'])
  expect([...c.files(c.plain)]).toEqual(['dir/x', 'dir/y', 'other'])
})

test('names that a disk gives back in another form are the same names', async () => {
  using c = await pair(DECOMPOSING)
  const composed = 'caf\u{e9}'
  write(c.plain, `${composed}/${composed}.txt`, '1')
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ problems: [], totals: { downloaded: { files: 1 } } })
  expect(c.files(c.folding)).toEqual([`${composed}/${composed}.txt`.normalize('NFD')])
  expect(await c.sync(1)).toMatchObject(IDLE)
  write(c.folding, `${composed}/new-${composed}`.normalize('NFD'), '2')
  await c.sync(1)
  expect(c.keys()).toEqual([`${composed}/${composed}.txt`, `${composed}/new-${composed}`])
  expect(await c.sync(0)).toMatchObject({ totals: { downloaded: { files: 1 } } })
  expect(await c.sync(1)).toMatchObject(IDLE)
  // A key that the disk cannot give back is none of its own.
  await c.put(`${composed}.md`.normalize('NFD'), 'decomposed')
  expect((await c.sync(1)).problems).toMatchObject([FOLDED(`${composed}.md`.normalize('NFD'))])
})

test('two forms of a name: the first comes, the second is a problem', async () => {
  using c = await pair()
  const [first = '', second = ''] = ['caf\u{e9}', 'cafe\u{301}'].toSorted()
  write(c.plain, first, '1')
  write(c.plain, second, '2')
  await c.sync(0)
  expect((await c.sync(1)).problems).toMatchObject([FOLDED(second)])
  expect(c.files(c.folding)).toEqual([first])
  expect((await c.sync(1)).totals.removedRemotely).toBe(0)
})
