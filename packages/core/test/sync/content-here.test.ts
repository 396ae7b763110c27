import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Action } from '../../src/index.ts'
import { memoryStore, nodeDisk } from '../../src/index.ts'
import { SameSize } from '../../src/model/same-size.ts'
import { withContentHere } from '../../src/sync/content-here.ts'
import { fileEntry } from '../state/entries.ts'
import { temporaryRepository } from '../state/temporary-repository.ts'
import { clones } from './two-clones.ts'

const SIZE = 1024 ** 2
const digest = (index: number): string => index.toString(16).padStart(64, '0')
const object = (version: string, digests = {}) => ({
  key: 'new',
  size: SIZE,
  modified: 0,
  version,
  fingerprint: version,
  digests,
})

test('of very many files of one size, none is looked at for each that comes', async () => {
  const { root, open } = temporaryRepository()
  const state = await open()
  const files = Array.from({ length: 10_000 }, (_, index) => ({
    path: `here/${index}`,
    entry: fileEntry(`v${index}`, { size: SIZE, sha256: digest(index) }),
  }))
  await state.record(files)
  const actions = Array.from({ length: 10_000 }, (_, index): Action => {
    const remote = { ...object(`w${index}`), key: `there/${index}` }
    return { kind: 'download', path: remote.key, reason: 'new', from: 'absent', remote }
  })
  const context = { disk: nodeDisk(root), state, provider: memoryStore().open() }
  const prepared = await withContentHere(context, actions)
  // One for all of them.
  const shared = new Set(prepared.map((action) => action.kind === 'download' && action.sameSize))
  expect(shared.size).toBe(1)
  const [sameSize] = shared
  if (!(sameSize instanceof SameSize)) throw new TypeError('nothing is told')
  const begun = performance.now()
  for (let index = 0; index < 10_000; index++)
    expect([...sameSize.candidates(`there/${index}`, object(`w${index}`), digest(index))]).toEqual([
      `here/${index}`,
    ])
  expect(performance.now() - begun).toBeLessThan(5000)
})

test('what a version, a claimed digest or the path itself rules out is no candidate', () => {
  const sameSize = new SameSize()
  sameSize.add('a', digest(1), 'etag-1')
  sameSize.add('b', digest(2), 'etag-2')
  sameSize.addInTrash('.lsync/trash/run/c')
  const all = (version: string, digests = {}, claimed?: string): string[] => [
    ...sameSize.candidates('a', object(version, digests), claimed),
  ]
  const trash = ['.lsync/trash/run/c']
  expect(all('17')).toEqual(['b', ...trash])
  expect(all('17', {}, digest(2))).toEqual(['b', ...trash])
  expect(all('17', {}, digest(1))).toEqual(trash)
  expect(all('etag-2', { md5: 'etag-2' })).toEqual(['b', ...trash])
  expect(all('etag-3', { md5: 'etag-3' })).toEqual(trash)
  // Nothing but the file itself: nobody need be asked.
  expect([...new SameSize().candidates('a', object('17'))]).toEqual([])
})

test('content that is here already, in the tree or in the trash, is not fetched again', async () => {
  let read = 0
  using c = await clones(2, {
    around: (provider) => ({
      ...provider,
      copyWorthwhile: 1,
      async read(key, options) {
        if (!key.startsWith('.lsync')) read++
        return provider.read(key, options)
      },
    }),
  })
  const [a = '', b = ''] = c.folders
  writeFileSync(join(a, 'first'), 'some content')
  writeFileSync(join(a, 'second'), 'more content')
  await c.sync(0)
  await c.sync(1)
  writeFileSync(join(a, 'copy'), 'some content')
  rmSync(join(a, 'second'))
  await c.sync(0)
  read = 0
  await c.sync(1)
  expect(read).toBe(0)
  expect(readFileSync(join(b, 'copy'), 'utf8')).toBe('some content')
  renameSync(join(a, 'first'), join(a, 'second'))
  writeFileSync(join(a, 'third'), 'more content')
  await c.sync(0)
  await c.sync(1)
  expect(read).toBe(0)
  expect(readdirSync(b).toSorted()).toEqual(['.lsync', 'copy', 'second', 'third'])
  expect(readFileSync(join(b, 'third'), 'utf8')).toBe('more content')
})
