import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REMOTE_REPORT } from '../../src/state/layout.ts'
import { client, copy, filesIn, identityIn, quiet, stage } from './places.ts'

test('in a place that is allowed nothing is taken for removed, and it is another one, which says where it comes from', async () => {
  const names = ['a', 'b', 'c', 'd']
  const { change, id, stores, sync, folder } = await stage(names)
  // Most of it was copied, as with another tool; one file changed there.
  await copy(stores.old, stores.new, ['a', 'b'])
  const before = id() ?? ''
  expect(await change('memory://new', true)).toEqual({ remote: 'memory://new', other: true })
  expect(await sync()).toMatchObject({
    conflicts: [],
    halted: [],
    totals: { uploaded: { files: 2 }, removedLocally: 0 },
  })
  expect(filesIn(stores.new)).toEqual(names)
  for (const name of names)
    expect(readFileSync(join(folder, name), 'utf8')).toBe(`content of ${name}`)
  expect(id()).not.toBe(before)
  expect(identityIn(stores.new)).toMatchObject({ id: id(), was: [before] })
  expect(identityIn(stores.old)).toMatchObject({ id: before, was: [] })
})

test('another clone follows before all is there: nothing is removed on either side', async () => {
  const first = await stage(['a', 'b', 'c'])
  const { stores } = first
  const second = await first.clone()
  await first.change('memory://new', true)
  await copy(stores.old, stores.new, ['a'])
  writeFileSync(join(second.folder, 'd'), 'content of d')
  expect(await second.change('memory://new')).toEqual({ remote: 'memory://new', other: true })
  expect(second.id()).toBe(first.id())
  expect(await second.sync()).toMatchObject({ conflicts: [], totals: { removedLocally: 0 } })
  expect(await first.sync()).toMatchObject({ conflicts: [], totals: { removedLocally: 0 } })
  for (const { folder } of [first, second])
    expect(readdirSync(folder).toSorted()).toEqual(['.lsync', 'a', 'b', 'c', 'd'])
  // From now on it is one place for both.
  rmSync(join(first.folder, 'a'))
  await first.sync()
  expect(await second.sync()).toMatchObject({ totals: { removedLocally: 1 } })
})

test('a clone that stayed behind for two moves follows, as does one of the place between', async () => {
  const first = await stage(['a'])
  const [second, third] = [await first.clone(), await first.clone()]
  const oldest = first.id()
  await first.change('memory://new', true)
  await third.change('memory://new')
  const between = first.id()
  await third.change('memory://third', true)
  expect(identityIn(first.stores.third).was).toEqual([between, oldest])
  for (const one of [first, second])
    expect(await one.change('memory://third')).toMatchObject({ other: true })
  expect([first.id(), second.id()]).toEqual([third.id(), third.id()])
  // Nobody goes back unawares.
  await expect(first.change('memory://old')).rejects.toMatchObject({ code: 'other-remote' })
  await first.change('memory://old', true)
  expect(first.id()).toBe(oldest)
  expect(await first.sync()).toMatchObject({ conflicts: [], totals: { adopted: 1 } })
})

test('without what was noted of the place so far, one that comes from it is still known to', async () => {
  const first = await stage(['a'])
  await first.change('memory://new', true)
  const second = await client(first.stores, [], {})
  await second.change('memory://new')
  rmSync(join(first.folder, REMOTE_REPORT))
  const between = first.id()
  await first.change('memory://third', true)
  expect(identityIn(first.stores.third).was).toEqual([between])
  expect(await second.change('memory://third')).toMatchObject({ other: true })
})

test('of two that fill a place at once, one makes it what it is, for both', async () => {
  const first = await stage(['a', 'b'])
  const second = await first.clone()
  await Promise.all([first.change('memory://new', true), second.change('memory://new', true)])
  expect(first.id()).toBe(identityIn(first.stores.new).id)
  expect(second.id()).toBe(first.id())
  await Promise.all([first.sync(), second.sync()])
  expect(filesIn(first.stores.new)).toEqual(['a', 'b'])
})

test('what lies at the address so far is looked at, too: it may be another place by now', async () => {
  const first = await stage(['a', 'b'])
  const second = await first.clone()
  const { old } = first.stores
  expect(await second.change('memory://old')).toEqual({ remote: 'memory://old', other: false })
  // Somebody removes all that is there, and another clone fills it anew.
  const provider = old.open()
  for (const key of old.objects.keys()) {
    const { version = '' } = (await provider.head(key, quiet)) ?? {}
    await provider.remove(key, { ...quiet, expect: version })
  }
  await first.change('memory://old', true)
  expect(identityIn(old).was).toEqual([second.id()])
  expect(await second.sync()).toMatchObject({ halted: [{ guard: 'other-remote' }] })
  expect(await second.change('memory://old')).toEqual({ remote: 'memory://old', other: true })
  expect(await second.sync()).toMatchObject({ halted: [], totals: { removedLocally: 0 } })
  expect(filesIn(old)).toEqual(['a', 'b'])
})
