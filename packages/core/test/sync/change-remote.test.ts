import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  changeRemote,
  initRepository,
  isAlive,
  type Machine,
  type MemoryStore,
  memoryModule,
  memoryStore,
  nodeDisk,
  nodeWorld,
  openRepository,
  processIdentity,
  type RunReport,
  syncRepository,
} from '../../src/index.ts'
import { DiskError } from '../../src/disk/disk.ts'
import { DATABASE } from '../../src/state/layout.ts'
import { openState } from '../../src/state/open-state.ts'

const quiet = { signal: new AbortController().signal, onEvent: () => undefined }

interface Stage {
  readonly folder: string
  readonly stores: { readonly old: MemoryStore; readonly new: MemoryStore }
  readonly config: () => string
  readonly change: (remote: string, allowOther?: boolean) => ReturnType<typeof changeRemote>
  readonly sync: () => Promise<RunReport>
}

/** A repository with these files, in sync with the store `old`; the store `new` is empty. */
async function stage(files: readonly string[], openDisk = nodeDisk): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-change-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const stores = { old: memoryStore(), new: memoryStore() }
  const machine: Machine = {
    world: nodeWorld(),
    environment: {},
    author: 'author',
    providers: { schemes: ['memory'], get: async () => memoryModule(stores) },
    openDisk,
    process: processIdentity(),
    isAlive,
  }
  const open = () => openRepository(machine, folder)
  await initRepository(machine, { folder, remote: 'memory://old', settings: {}, ...quiet })
  for (const name of files) writeFileSync(join(folder, name), `content of ${name}`)
  const sync = async (): Promise<RunReport> =>
    syncRepository(machine, await open(), {
      mode: 'sync',
      paths: [],
      dryRun: false,
      allow: [],
      ...quiet,
    })
  await sync()
  return {
    folder,
    stores,
    config: () => readFileSync(join(folder, '.lsync', 'config.yaml'), 'utf8'),
    change: async (remote, allowOther = false) =>
      changeRemote(machine, await open(), { remote, allowOther, ...quiet }),
    sync,
  }
}

const filesIn = ({ objects }: MemoryStore): readonly string[] =>
  [...objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()

/** As another tool copies objects from store to store. */
async function copy(from: MemoryStore, to: MemoryStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const object = from.objects.get(key)
    if (object === undefined) throw new Error(`there is no ${key}`)
    const { bytes, metadata, sha256 } = object
    await to.open().write(
      key,
      {
        size: bytes.length,
        digests: { sha256 },
        async *open() {
          yield bytes
        },
      },
      { signal: quiet.signal, expect: { kind: 'absent' }, metadata },
    )
  }
}

test('a place that is nobody’s or another repository’s is refused, and nothing is changed', async () => {
  const { change, config, stores, sync } = await stage(['a'])
  const before = config()
  await expect(change('memory://new')).rejects.toMatchObject({
    code: 'other-remote',
    facts: { remote: 'memory://new' },
  })
  expect(stores.new.objects.size).toBe(0)
  const other = await stage([])
  await copy(other.stores.old, stores.new, ['.lsync/repository.yaml'])
  await expect(change('memory://new')).rejects.toMatchObject({
    code: 'other-remote',
    facts: { id: expect.any(String) },
  })
  expect(config()).toBe(before)
  expect(await sync()).toMatchObject({ totals: { unchanged: 1, adopted: 0 } })
})

test('a place that is there under the same identity is the same: what was removed meanwhile is removed', async () => {
  const { change, config, stores, sync, folder } = await stage(['a', 'b', 'c'])
  await copy(stores.old, stores.new, ['.lsync/repository.yaml', 'a', 'b', 'c'])
  rmSync(join(folder, 'b'))
  expect(await change('memory://new')).toEqual({ remote: 'memory://new', other: false })
  expect(config()).toContain('memory://new')
  expect(await sync()).toMatchObject({ conflicts: [], problems: [], halted: [] })
  expect(filesIn(stores.new)).toEqual(['a', 'c'])
  expect(filesIn(stores.old)).toEqual(['a', 'b', 'c'])
})

test('in a place that is allowed nothing is taken for removed, and the repository’s identity goes with it', async () => {
  const names = ['a', 'b', 'c', 'd']
  const { change, config, stores, sync, folder } = await stage(names)
  // Most of it was copied, as with another tool; one file changed there.
  await copy(stores.old, stores.new, ['a', 'b'])
  const id = /repository: (\w+)/.exec(config())?.[1] ?? ''
  expect(await change('memory://new', true)).toEqual({ remote: 'memory://new', other: true })
  expect(config()).toContain(`repository: ${id}`)
  expect(await sync()).toMatchObject({
    conflicts: [],
    halted: [],
    totals: { uploaded: { files: 2 }, removedLocally: 0 },
  })
  expect(filesIn(stores.new)).toEqual(names)
  for (const name of names)
    expect(readFileSync(join(folder, name), 'utf8')).toBe(`content of ${name}`)
  expect(
    Buffer.from(stores.new.objects.get('.lsync/repository.yaml')?.bytes ?? []).toString(),
  ).toContain(id)
})

test('another repository’s place that is allowed is taken as it is: both sides keep all', async () => {
  const { change, stores, sync, config } = await stage(['a', 'mine'])
  const other = await stage(['a', 'theirs'])
  await copy(other.stores.old, stores.new, ['.lsync/repository.yaml', 'a', 'theirs'])
  await change('memory://new', true)
  const theirs = /repository: (\w+)/.exec(other.config())?.[1] ?? ''
  expect(config()).toContain(`repository: ${theirs}`)
  expect(await sync()).toMatchObject({ conflicts: [], totals: { removedLocally: 0 } })
  expect(filesIn(stores.new)).toEqual(['a', 'mine', 'theirs'])
})

test('what a dead run left open is put back before its journal goes', async () => {
  const { change, folder } = await stage(['a'])
  const { ino, size } = statSync(join(folder, 'a'))
  const trash = '.lsync/trash/a'
  mkdirSync(join(folder, '.lsync', 'trash'), { recursive: true })
  const state = await openState(nodeDisk(folder), nodeWorld())
  await state.intend([{ path: 'a', trash, inode: ino, size }])
  renameSync(join(folder, 'a'), join(folder, trash))
  await change('memory://new', true)
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('content of a')
})

test('cut off before what was agreed is forgotten, it has not made the other place its own', async () => {
  let fails = false
  const s = await stage(['x', 'y'], (root) => {
    const disk = nodeDisk(root)
    return {
      ...disk,
      async remove(path) {
        if (fails && path === DATABASE) throw new DiskError('io', path, 'is refused')
        return disk.remove(path)
      },
    }
  })
  fails = true
  await expect(s.change('memory://new', true)).rejects.toMatchObject({ code: 'io' })
  fails = false
  await expect(s.change('memory://new')).rejects.toMatchObject({ code: 'other-remote' })
  await s.change('memory://new', true)
  await s.sync()
  expect([...s.stores.new.objects.keys()].toSorted()).toEqual(['.lsync/repository.yaml', 'x', 'y'])
})
