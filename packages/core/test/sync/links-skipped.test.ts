import { existsSync, readlinkSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { link, clonesWithLinks, read, write } from './clones-with-links.ts'

test('where links are skipped, a local one is a problem and hides nothing, on either side', async () => {
  using c = await clonesWithLinks(['skip', 'skip'])
  write(c.a, 'x', 'x')
  write(c.a, 'd/y', 'y')
  write(c.a, 'z', 'z')
  write(c.a, 'stays', 'stays')
  await c.sync(0)
  await c.sync(1)
  for (const path of ['x', 'd']) {
    rmSync(join(c.a, path), { recursive: true })
    link(c.a, path, c.outside)
  }
  rmSync(join(c.a, 'z'))
  const report = await c.sync(0)
  expect(report.problems).toEqual([
    { path: 'd', code: 'symbolic-link' },
    { path: 'x', code: 'symbolic-link' },
  ])
  expect(report.totals).toMatchObject({ uploaded: { files: 0 }, removedRemotely: 1 })
  expect(c.keys()).toEqual(['d/y', 'stays', 'x'])
})

test('where links are skipped, one on the remote is a problem, and stands in nothing else’s way', async () => {
  using c = await clonesWithLinks(['store', 'skip'])
  write(c.a, 'gone', 'gone')
  write(c.a, 'replaced', 'file')
  await c.sync(0)
  await c.sync(1)
  link(c.a, 'x', 'target')
  rmSync(join(c.a, 'replaced'))
  link(c.a, 'replaced', 'target')
  rmSync(join(c.a, 'gone'))
  await c.sync(0)
  for (let run = 0; run < 3; run++) {
    const report = await c.sync(1)
    expect(report.problems.map(({ path, code }) => `${path} ${code}`).toSorted()).toEqual([
      'replaced symbolic-link',
      'x symbolic-link',
    ])
    expect(report.totals.removedLocally).toBe(run === 0 ? 1 : 0)
  }
  expect(read(c.b, 'replaced')).toBe('file')
  expect(existsSync(join(c.b, 'x'))).toBe(false)
  expect(c.keys()).toEqual(['replaced', 'x'])
  // A file in its place here is not sent over it, nor is the link removed there.
  write(c.b, 'x', 'mine')
  expect((await c.sync(1)).problems.map(({ path }) => path)).toContain('x')
  expect(c.store.objects.get('x')?.metadata.user['type']).toBe('link')
  rmSync(join(c.b, 'x'))
  // The other policy brings it, and the way back forgets nothing.
  await c.configure(1, 'symlinks', 'store')
  await c.sync(1)
  expect([readlinkSync(join(c.b, 'x')), readlinkSync(join(c.b, 'replaced'))]).toEqual([
    'target',
    'target',
  ])
  await c.configure(1, 'symlinks', 'skip')
  await c.sync(1)
  unlinkSync(join(c.b, 'x'))
  expect((await c.sync(1)).totals.removedRemotely).toBe(0)
  await c.configure(1, 'symlinks', 'store')
  expect((await c.sync(1)).totals).toMatchObject({ removedRemotely: 0, downloaded: { files: 1 } })
})
