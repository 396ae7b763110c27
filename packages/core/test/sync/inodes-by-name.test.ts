import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk } from '../../src/index.ts'
import { move, pair, write } from './alike-clones.ts'
import { byNameDisk } from './altered-disk.ts'

test('on a disk that tells inodes by names files are replaced, moved and removed, in both directions', async () => {
  using c = await pair(
    { 'd/a': 'one', 'd/b': 'two', 'd/c': 'three', 'd/e': 'five', x: 'six', y: 'seven' },
    {
      openDisk: (root) => (/1\/?$/.test(root) ? byNameDisk(root) : nodeDisk(root)),
    },
  )
  write(c.a, 'd/a', 'one, edited elsewhere')
  rmSync(join(c.a, 'd/b'))
  move(c.a, 'd/c', 'moved elsewhere')
  rmSync(join(c.a, 'x'))
  write(c.a, 'x/now', 'a folder')
  await c.sync(0)
  const { problems, totals } = await c.sync(1)
  expect(problems).toEqual([])
  expect(totals).toMatchObject({ downloaded: { files: 2 }, removedLocally: 2, moved: 1 })

  write(c.b, 'd/e', 'five, edited here')
  move(c.b, 'y', 'd/y')
  rmSync(join(c.b, 'x'), { recursive: true })
  const back = await c.sync(1)
  expect(back.problems).toEqual([])
  expect(back.totals).toMatchObject({ uploaded: { files: 1 }, removedRemotely: 1, moved: 1 })
  expect(await c.settle()).toEqual({
    'd/a': 'one, edited elsewhere',
    'd/e': 'five, edited here',
    'd/y': 'seven',
    'moved elsewhere': 'three',
  })
})
