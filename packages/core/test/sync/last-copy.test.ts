import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clones } from './two-clones.ts'

/** One client renames y to z and is stopped between the upload and the removal; the other renames z back to y. */
async function crossedRenames() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  for (let index = 0; index < 3; index++) writeFileSync(join(a, `other${index}`), String(index))
  writeFileSync(join(a, 'y'), 'the only content')
  await both.sync(0)
  await both.sync(1)
  renameSync(join(a, 'y'), join(a, 'z'))
  await both.sync(0, { paths: ['z'] })
  await both.sync(1)
  renameSync(join(b, 'z'), join(b, 'y'))
  await both.sync(1)
  return { ...both, a, b, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('content on its way out on both sides, at different paths, is kept', async () => {
  using c = await crossedRenames()
  await c.sync(0)
  await c.sync(1)
  expect([...c.store.objects.keys()].toSorted()).toEqual([
    '.lsync/repository.yaml',
    'other0',
    'other1',
    'other2',
    'z',
  ])
  for (const folder of [c.a, c.b]) {
    expect(readFileSync(join(folder, 'z'), 'utf8')).toBe('the only content')
    expect(existsSync(join(folder, 'y'))).toBe(false)
  }
})

test('a pull leaves it alone', async () => {
  using c = await crossedRenames()
  await c.sync(0, { mode: 'pull' })
  expect(readFileSync(join(c.a, 'z'), 'utf8')).toBe('the only content')
})
