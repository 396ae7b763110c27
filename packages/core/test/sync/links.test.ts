import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { IDLE, link, clonesWithLinks, read, write } from './clones-with-links.ts'

test('links travel as links, changed and removed too', async () => {
  using c = await clonesWithLinks()
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
  using c = await clonesWithLinks()
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
  using c = await clonesWithLinks()
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
  using c = await clonesWithLinks()
  for (const folder of [c.a, c.b]) link(folder, 'x', 'target')
  await c.sync(0)
  expect(await c.sync(1)).toMatchObject({ conflicts: [], totals: { adopted: 1 } })
  expect(await c.sync(1)).toMatchObject(IDLE)
})
