import { existsSync, mkdirSync, renameSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type Disk,
  DiskError,
  type DiskErrorCode,
  emptyTrash,
  type LsyncEvent,
  nodeDisk,
  nodeWorld,
  statusRepository,
} from '../../src/index.ts'
import { openState } from '../../src/state/open-state.ts'
import { read, write } from './pair.ts'
import { clones } from './two-clones.ts'

const TOLD = {
  type: 'notice',
  message:
    'an earlier run did not get to the end of replacing x: the next sync puts right first what is missing here',
}

/** Killed between the two steps of a replacement: the old file is aside, the new one not in its place yet. */
async function cutOff(folder: string): Promise<void> {
  const state = await openState(nodeDisk(folder), nodeWorld())
  const trash = '.lsync/trash/2026-01-31T14.05.09.120Z-1f2e3d4c/x'
  await state.intend([{ path: 'x', trash }])
  mkdirSync(dirname(join(folder, trash)), { recursive: true })
  renameSync(join(folder, 'x'), join(folder, trash))
}

test('who only looks is told of what a dead run left open; the next sync puts it right', async () => {
  using c = await clones(1)
  const [a = ''] = c.folders
  write(a, 'x', 'x')
  await c.sync(0)
  await cutOff(a)

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

test('what a dead run owes to its place is not emptied with the trash', async () => {
  using c = await clones(1)
  const [a = ''] = c.folders
  write(a, 'x', 'x')
  await c.sync(0)
  await cutOff(a)
  const { machine, repository } = await c.at(0)
  const { signal } = new AbortController()
  const limits = { before: Date.now() + 60_000, atLeast: 0 }
  expect(await emptyTrash(machine, repository, limits, signal)).toMatchObject({ files: 0 })
  expect(read(a, 'x')).toBe('x')
})

test.each(['io', 'no-space', 'forbidden'] as const)(
  'what cannot go back to its place (%s) is owed still: it must not read as removed here',
  async (code) => {
    const refused = new Set<string>()
    using c = await clones(1, { openDisk: (root) => refusing(root, refused, code) })
    const [a = ''] = c.folders
    write(a, 'x', 'x')
    await c.sync(0)
    await cutOff(a)
    refused.add('x')
    await expect(c.sync(0)).rejects.toThrow('is refused')
    const { machine, repository } = await c.at(0)
    const { signal } = new AbortController()
    const limits = { before: Date.now() + 60_000, atLeast: 0 }
    await expect(emptyTrash(machine, repository, limits, signal)).rejects.toThrow('is refused')
    expect(c.store.objects.has('x')).toBe(true)

    refused.clear()
    await c.sync(0)
    expect(read(a, 'x')).toBe('x')
    expect(c.store.objects.has('x')).toBe(true)
  },
)

test('a replacement whose old file cannot be looked at in the trash is undone', async () => {
  const refused = new Set<string>()
  using c = await clones(2, { openDisk: (root) => refusing(root, refused, 'io') })
  const [a = '', b = ''] = c.folders
  write(a, 'x', 'x')
  await c.sync(0)
  await c.sync(1)
  write(b, 'x', 'changed')
  await c.sync(1)
  refused.add('x in the trash')
  expect(await c.sync(0)).toMatchObject({ problems: [{ path: 'x', code: 'local-failed' }] })
  expect(read(a, 'x')).toBe('x')
  refused.clear()
  await c.sync(0)
  expect(read(a, 'x')).toBe('changed')
})

test('a folder that a dead run emptied by moves is removed, and not brought to everybody; one that is kept stays', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  for (const folder of ['d/e', 'kept']) {
    mkdirSync(join(a, folder), { recursive: true })
    write(a, `${folder}/x`, `of ${folder}`)
  }
  await c.sync(0)
  // As other tools mark folders, whatever is in them.
  await c.put('kept/', '')
  await c.sync(0)
  await c.sync(1)
  // Killed after the moves, before all of their folders were removed and anything was recorded.
  mkdirSync(join(a, 'n'))
  const state = await openState(nodeDisk(a), nodeWorld())
  for (const path of ['d/e/x', 'kept/x']) {
    await state.intend([{ path, trash: `.lsync/trash/run/${path}` }])
    renameSync(join(a, path), join(a, 'n', path.replaceAll('/', '-')))
  }
  rmdirSync(join(a, 'd/e'))
  await c.sync(0)
  await c.sync(1)
  for (const folder of [a, b]) {
    expect(existsSync(join(folder, 'd'))).toBe(false)
    expect(existsSync(join(folder, 'kept'))).toBe(true)
  }
  expect([...c.store.objects.keys()].toSorted()).toContain('kept/')
  expect([...c.store.objects.keys()].filter((key) => key.startsWith('d'))).toEqual([])
})

/** Nothing is renamed to these paths; `x in the trash` cannot be looked at once it is there. */
function refusing(root: string, refused: ReadonlySet<string>, code: DiskErrorCode): Disk {
  const disk = nodeDisk(root)
  return {
    ...disk,
    async rename(from, to, options) {
      if (refused.has(to)) throw new DiskError(code, to, 'is refused')
      return disk.rename(from, to, options)
    },
    async stat(path) {
      const stat = await disk.stat(path)
      if (stat !== undefined && refused.has('x in the trash') && /trash.*\/x$/.test(path))
        throw new DiskError(code, path, 'is refused')
      return stat
    },
  }
}
