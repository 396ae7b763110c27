import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk, openSides, replaceLocally, type Settlement } from '../../src/index.ts'
import { byNameDisk } from './altered-disk.ts'
import { clones } from './two-clones.ts'

const { signal } = new AbortController()
const options = { signal, onEvent: () => undefined }

/** `n` was changed on both sides; the second clone, which has not synced since, is looked at. */
async function conflict(history: boolean, openDisk = nodeDisk) {
  const c = await clones(2, { history, openDisk })
  const [a = '', b = ''] = c.folders
  writeFileSync(join(a, 'n'), 'base')
  await c.sync(0)
  await c.sync(1)
  writeFileSync(join(a, 'n'), 'from a')
  writeFileSync(join(b, 'n'), 'from b!')
  await c.sync(0)
  const [found] = (await c.sync(1)).conflicts
  if (found === undefined || found.local === 'absent' || found.remote === 'absent')
    throw new Error('no conflict')
  const { local, remote } = found
  return { ...c, b, local, remote, [Symbol.dispose]: () => c[Symbol.dispose]() }
}

const text = async (content: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('both sides are read as they are, and the base where the remote has kept it', async () => {
  using c = await conflict(true)
  const { machine, repository } = await c.at(1)
  await using sides = await openSides(machine, repository, 'n', options)
  expect(await text(sides.readLocal())).toBe('from b!')
  expect(await text(sides.readRemote())).toBe('from a')
  expect(Buffer.from((await sides.readBase()) ?? []).toString()).toBe('base')
  writeFileSync(join(c.b, 'n'), 'changed!')
  await expect(text(sides.readLocal())).rejects.toMatchObject({ code: 'busy' })
  await c.put('n', 'newer')
  await expect(text(sides.readRemote())).rejects.toMatchObject({ code: 'precondition-failed' })
})

test('without history there is no base to read', async () => {
  using c = await conflict(false)
  const { machine, repository } = await c.at(1)
  await using sides = await openSides(machine, repository, 'n', options)
  expect(await sides.readBase()).toBeUndefined()
})

test('a decision settles its conflict and touches nothing else; one on another version settles nothing', async () => {
  using c = await conflict(false)
  writeFileSync(join(c.b, 'new'), 'new')
  const settle = (settlement: Settlement) =>
    c.sync(1, { settlements: new Map([['n', settlement]]), conflict: 'manual' })
  const stale = await settle({ keep: 'local', local: c.local.stat, remote: 'another' })
  expect(stale.conflicts).toMatchObject([{ path: 'n' }])
  writeFileSync(join(c.b, 'n'), 'newer b')
  const moved = await settle({ keep: 'remote', local: c.local.stat, remote: c.remote.version })
  expect(moved.conflicts).toMatchObject([{ path: 'n' }])
  const [now] = moved.conflicts
  if (now === undefined || now.local === 'absent') throw new Error('no conflict')
  const done = await settle({ keep: 'local', local: now.local.stat, remote: c.remote.version })
  expect([done.conflicts, done.problems]).toEqual([[], []])
  expect(Buffer.from(c.store.objects.get('n')?.bytes ?? []).toString()).toBe('newer b')
  expect(c.store.objects.has('new')).toBe(false)
})

test('a merge takes the place of the local file only while that is what was merged; the old one is in the trash', async () => {
  using c = await conflict(false)
  const { machine, repository } = await c.at(1)
  const merged = { path: 'n', from: c.local, content: Buffer.from('merged') }
  const replace = () => replaceLocally(machine, repository, merged, signal)
  const before = statSync(join(c.b, 'n'))
  const now = await replace()
  expect(now?.stat.size).toBe(6)
  expect(readFileSync(join(c.b, 'n'), 'utf8')).toBe('merged')
  expect(statSync(join(c.b, 'n')).mode).toBe(before.mode)
  const [run = ''] = readdirSync(join(c.b, '.lsync/trash'))
  expect(readFileSync(join(c.b, '.lsync/trash', run, 'n'), 'utf8')).toBe('from b!')
  // It was replaced already: nothing is done twice.
  expect(await replace()).toBeUndefined()
  expect(readFileSync(join(c.b, 'n'), 'utf8')).toBe('merged')
  // The base still says what both sides agreed on: the merge is an edit, and the conflict stays until it is settled.
  expect((await c.sync(1)).conflicts).toMatchObject([{ path: 'n' }])
})

test('a merge settles its conflict also on a disk that tells inodes by names', async () => {
  using c = await conflict(false, byNameDisk)
  const { machine, repository } = await c.at(1)
  await using sides = await openSides(machine, repository, 'n', options)
  expect(await text(sides.readLocal())).toBe('from b!')
  if (sides.local === undefined) throw new Error('nothing here')
  const content = Buffer.from('merged')
  const now = await replaceLocally(
    machine,
    repository,
    { path: 'n', from: sides.local, content },
    signal,
  )
  if (now === undefined) throw new Error('not replaced')
  const settlement = { keep: 'local', local: now.stat, remote: c.remote.version } as const
  const done = await c.sync(1, { settlements: new Map([['n', settlement]]) })
  expect([done.conflicts, done.problems]).toEqual([[], []])
  expect(Buffer.from(c.store.objects.get('n')?.bytes ?? []).toString()).toBe('merged')
})

test('keeping both once more, after a run that died half way, makes no second copy of a version', async () => {
  using c = await conflict(false)
  const copies = (): string[] => readdirSync(c.b).filter((name) => name.startsWith('n (conflict'))
  c.refuse('n', 'too-large')
  expect((await c.sync(1, { conflict: 'keep-both' })).problems).toMatchObject([{ path: 'n' }])
  const [copy = '', ...others] = copies()
  expect(others).toEqual([])
  expect(readFileSync(join(c.b, copy), 'utf8')).toBe('from a')
  c.refuse('n', undefined)
  expect((await c.sync(1, { conflict: 'keep-both' })).problems).toEqual([])
  expect(copies()).toEqual([copy])
  expect(Buffer.from(c.store.objects.get('n')?.bytes ?? []).toString()).toBe('from b!')
})
