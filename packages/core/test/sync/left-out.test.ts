import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { statusRepository } from '../../src/index.ts'
import { clones } from './two-clones.ts'

/** Two clones that agree on three files, of which `x` is then left out in the first. */
async function leftOut() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  for (const name of ['x', 'y', 'z']) writeFileSync(join(a, name), name)
  await both.sync(0)
  await both.sync(1)
  writeFileSync(join(a, '.lsyncignore'), 'x\n')
  await both.sync(0)
  const again = async () => {
    rmSync(join(a, '.lsyncignore'))
    return both.sync(0)
  }
  return { ...both, a, b, again, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

test('what vanished here while it was left out comes back', async () => {
  using c = await leftOut()
  rmSync(join(c.a, 'x'))
  expect((await c.sync(0)).totals.removedRemotely).toBe(0)
  expect((await c.again()).totals).toMatchObject({ downloaded: { files: 1 } })
  expect(readFileSync(join(c.a, 'x'), 'utf8')).toBe('x')
})

test('what vanished there while it was left out here stays', async () => {
  using c = await leftOut()
  rmSync(join(c.b, 'x'))
  await c.sync(1)
  expect((await c.again()).totals).toMatchObject({ removedLocally: 0, uploaded: { files: 1 } })
  expect(existsSync(join(c.a, 'x'))).toBe(true)
})

test('what changed here while it was left out is a conflict, and what did not change is tracked as before', async () => {
  using c = await leftOut()
  writeFileSync(join(c.a, 'x'), 'edited')
  expect((await c.again()).conflicts).toMatchObject([{ path: 'x' }])
  writeFileSync(join(c.a, 'x'), 'x')
  await c.sync(0)

  writeFileSync(join(c.a, '.lsyncignore'), 'x\n')
  await c.sync(0)
  expect(await c.again()).toMatchObject({ conflicts: [], problems: [] })
  writeFileSync(join(c.a, 'x'), 'edited again')
  expect(await c.sync(0)).toMatchObject({ conflicts: [], totals: { uploaded: { files: 1 } } })
})

test.each([
  ['edited', 'edited here', ['x not-asked'], []],
  ['of the same size', 'y', ['x not-asked'], []],
  ['removed', undefined, [], ['x download']],
])('taken back in, and nobody asks the remote: %s here', async (_, text, problems, actions) => {
  using c = await leftOut()
  rmSync(join(c.a, 'x'))
  if (text !== undefined) writeFileSync(join(c.a, 'x'), text)
  writeFileSync(join(c.a, '.lsyncignore'), '')
  writeFileSync(join(c.a, 'new'), 'new')
  const { machine, repository } = await c.at(0)
  const status = await statusRepository(machine, repository, {
    paths: [],
    local: true,
    signal: new AbortController().signal,
    onEvent: () => undefined,
  })
  expect(status.problems.map(({ path, code }) => `${path} ${code}`)).toEqual(problems)
  expect(status.conflicts).toEqual([])
  expect(status.actions.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
    '.lsyncignore upload',
    'new upload',
    ...actions,
  ])
})
