import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDisk } from './temporary.ts'

/** For so long FUSE remembers what a file is. */
const REMEMBERED = 1_200

test('what is renamed where a file is remembered by its names is the same a second later (needs bindfs)', async (context) => {
  const { root, disk } = temporaryDisk()
  for (const name of ['real', 'mounted']) fs.mkdirSync(`${root}/${name}`)
  onTestFinished(() => void spawnSync('fusermount', ['-u', `${root}/mounted`]))
  if (spawnSync('bindfs', [`${root}/real`, `${root}/mounted`]).status !== 0) context.skip()
  fs.writeFileSync(`${root}/mounted/a`, 'a')
  await disk.rename('mounted/a', 'mounted/b', { overwrite: false })
  const stat = await disk.stat('mounted/b')
  await after(REMEMBERED)
  expect(await disk.stat('mounted/b')).toEqual(stat)
})
