import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type LsyncEvent, nodeDisk, nodeWorld, statusRepository } from '../../src/index.ts'
import { openState } from '../../src/state/open-state.ts'
import { read, write } from './pair.ts'
import { clones } from './two-clones.ts'

const TOLD = {
  type: 'notice',
  message:
    'an earlier run was cut off while it replaced x: the next sync puts right first what is missing here',
}

test('who only looks is told of what a dead run left open; the next sync puts it right', async () => {
  using c = await clones(1)
  const [a = ''] = c.folders
  write(a, 'x', 'x')
  await c.sync(0)
  // Killed between the two steps of a replacement: the old file is aside, the new one not in its place yet.
  const state = await openState(nodeDisk(a), nodeWorld())
  const trash = '.lsync/trash/run/x'
  const { ino: inode, size } = statSync(join(a, 'x'))
  await state.intend([{ path: 'x', trash, inode, size }])
  mkdirSync(join(a, '.lsync/trash/run'), { recursive: true })
  renameSync(join(a, 'x'), join(a, trash))

  const events: LsyncEvent[] = []
  const { machine, repository } = await c.at(0)
  await statusRepository(machine, repository, {
    paths: [],
    local: false,
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
  })
  expect(events).toContainEqual(TOLD)
  expect((await c.sync(0, { dryRun: true })).events).toContainEqual(TOLD)
  expect(existsSync(join(a, 'x'))).toBe(false)

  expect((await c.sync(0)).events).not.toContainEqual(TOLD)
  expect(read(a, 'x')).toBe('x')
})
