import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk, nodeWorld } from '../../src/index.ts'
import { StorageError } from '../../src/provider/index.ts'
import { CONFIG, DATABASE } from '../../src/state/layout.ts'
import { openState } from '../../src/state/open-state.ts'
import { copy, failing, filesIn, IDENTITY, identityIn, stage } from './places.ts'

test('a place that is nobody’s or another repository’s is refused, and nothing is changed', async () => {
  const { change, config, stores, sync } = await stage(['a'])
  const before = config()
  await expect(change('memory://new')).rejects.toMatchObject({
    code: 'other-remote',
    facts: { remote: 'memory://new' },
  })
  expect(stores.new.objects.size).toBe(0)
  const other = await stage([])
  await copy(other.stores.old, stores.new, [IDENTITY])
  await expect(change('memory://new')).rejects.toMatchObject({
    code: 'other-remote',
    facts: { id: expect.any(String) },
  })
  expect(config()).toBe(before)
  expect(await sync()).toMatchObject({ totals: { unchanged: 1, adopted: 0 } })
})

test('a place that is there under the same identity is the same: what was removed meanwhile is removed', async () => {
  const { change, config, stores, sync, folder } = await stage(['a', 'b', 'c'])
  await copy(stores.old, stores.new, [IDENTITY, 'a', 'b', 'c'])
  rmSync(join(folder, 'b'))
  expect(await change('memory://new')).toEqual({ remote: 'memory://new', other: false })
  expect(config()).toContain('memory://new')
  expect(await sync()).toMatchObject({ conflicts: [], problems: [], halted: [] })
  expect(filesIn(stores.new)).toEqual(['a', 'c'])
  expect(filesIn(stores.old)).toEqual(['a', 'b', 'c'])
})

test('a place that may only be read gets no identity, and not the old one when it may be written', async () => {
  let forbidden = false
  const s = await stage(['a'], {
    wrapped: (provider) => ({
      ...provider,
      async write(key, source, options) {
        if (forbidden) throw new StorageError('forbidden', 'no', { key })
        return provider.write(key, source, options)
      },
    }),
  })
  const before = s.id() ?? ''
  await copy(s.stores.old, s.stores.new, ['a'])
  forbidden = true
  await s.change('memory://new', true)
  expect(s.config()).not.toContain(before)
  for (let run = 0; run < 2; run++) expect(await s.sync('pull')).toMatchObject({ halted: [] })
  forbidden = false
  await s.sync()
  expect(s.stores.new.objects.has(IDENTITY)).toBe(false)
})

test('another repository’s place that is allowed is taken as it is: both sides keep all', async () => {
  const { change, stores, sync, config } = await stage(['a', 'mine'])
  const other = await stage(['a', 'theirs'])
  await copy(other.stores.old, stores.new, [IDENTITY, 'a', 'theirs'])
  await change('memory://new', true)
  const theirs = /repository: (\w+)/.exec(other.config())?.[1] ?? ''
  expect(config()).toContain(`repository: ${theirs}`)
  expect(await sync()).toMatchObject({ conflicts: [], totals: { removedLocally: 0 } })
  expect(filesIn(stores.new)).toEqual(['a', 'mine', 'theirs'])
})

test('what a dead run left open is put back before its journal goes', async () => {
  const { change, folder } = await stage(['a'])
  const trash = '.lsync/trash/a'
  mkdirSync(join(folder, '.lsync', 'trash'), { recursive: true })
  const state = await openState(nodeDisk(folder), nodeWorld())
  await state.intend([{ path: 'a', trash }])
  renameSync(join(folder, 'a'), join(folder, trash))
  await change('memory://new', true)
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('content of a')
})

test('cut off before what was agreed is forgotten, it has not made the other place its own', async () => {
  const fault = failing((call, path) => call === 'remove' && path === DATABASE)
  const s = await stage(['x', 'y'], fault)
  fault.on = true
  await expect(s.change('memory://new', true)).rejects.toMatchObject({ code: 'io' })
  fault.on = false
  await expect(s.change('memory://new')).rejects.toMatchObject({ code: 'other-remote' })
  await s.change('memory://new', true)
  await s.sync()
  expect([...s.stores.new.objects.keys()].toSorted()).toEqual([IDENTITY, 'x', 'y'])
})

test('cut off before the configuration is written, it goes on with the old place, and may go on to the new one', async () => {
  const fault = failing((call, path) => call === 'replaceText' && path === CONFIG)
  const s = await stage(['x', 'y'], fault)
  const before = s.config()
  fault.on = true
  await expect(s.change('memory://new', true)).rejects.toMatchObject({ code: 'io' })
  fault.on = false
  expect(s.config()).toBe(before)
  expect(await s.sync()).toMatchObject({ halted: [], totals: { adopted: 2 } })
  // With what it agreed on with the old one since.
  expect(await s.change('memory://new')).toEqual({ remote: 'memory://new', other: true })
  expect(s.id()).toBe(identityIn(s.stores.new).id)
  expect(await s.sync()).toMatchObject({ totals: { removedLocally: 0 } })
  expect([...s.stores.new.objects.keys()].toSorted()).toEqual([IDENTITY, 'x', 'y'])
})

test('the address so far is the same place where nothing says of which identity that was', async () => {
  const { folder, config, id, change, stores } = await stage(['file1'])
  writeFileSync(join(folder, CONFIG), config().replace(/^repository: .*\n/m, ''))
  expect(await change('memory://old')).toEqual({ remote: 'memory://old', other: false })
  expect(id()).toBe(identityIn(stores.old).id)
  expect(readFileSync(join(folder, DATABASE), 'utf8')).toContain('file1')
})
