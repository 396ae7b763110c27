import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryStore, nodeDisk, nodeWorld } from '../../src/index.ts'
import { DATABASE, LSYNC } from '../../src/state/layout.ts'
import { openState } from '../../src/state/open-state.ts'
import { Transfers } from '../../src/state/transfers.ts'
import { clearLeftBehind } from '../../src/sync/left-behind.ts'
import { clearStaging, repair } from '../../src/sync/repair.ts'
import { temporaryDisk } from '../disk/temporary.ts'
import { fileEntry } from '../state/entries.ts'

const world = nodeWorld()
const paths = Array.from({ length: 300 }, (_, index) => `file ${index}`)

/** A base of many rows, and how often it was read since it was opened. */
async function base() {
  const { root } = temporaryDisk()
  mkdirSync(join(root, LSYNC))
  const real = nodeDisk(root)
  const reads = { count: 0, onRead: (): void => undefined }
  const disk: typeof real = {
    ...real,
    async open(path) {
      if (path === DATABASE) {
        reads.count++
        reads.onRead()
      }
      return real.open(path)
    },
  }
  const first = await openState(disk, world)
  await first.record(paths.map((path) => ({ path, entry: fileEntry('v1') })))
  await first.compact('always')
  const reopened = async () => {
    const state = await openState(disk, world)
    reads.count = 0
    return state
  }
  return { root, disk, reads, first, reopened }
}

/** As a death leaves it that came between the files and their successors. */
async function interrupted() {
  const made = await base()
  const { root, first } = made
  mkdirSync(join(root, '.lsync/trash'))
  const intents = paths.map((path) => {
    const trash = `.lsync/trash/${path}`
    writeFileSync(join(root, trash), path)
    return { path, trash }
  })
  await first.intend(intents)
  return made
}

test('what a dead run left in the staging folder goes; folders that a system puts into every folder stay', async () => {
  const { root, disk } = temporaryDisk()
  const staging = join(root, '.lsync/staging')
  mkdirSync(join(staging, '@index'), { recursive: true })
  writeFileSync(join(staging, 'left'), 'x')
  mkdirSync(join(staging, 'folder-1f/of/two'), { recursive: true })
  writeFileSync(join(staging, 'folder-1f/of/two/left'), 'x')
  symlinkSync(staging, join(staging, 'folder-1f/link'))
  await clearStaging(disk)
  expect(readdirSync(staging)).toEqual(['@index'])
})

test('what a dead run left half done is repaired by one look at the base', async () => {
  const { root, disk, reads, reopened } = await interrupted()
  const state = await reopened()
  expect(state.openIntents).toHaveLength(paths.length)
  expect(await repair(disk, state, new AbortController().signal)).toEqual(paths)
  expect(reads.count).toBe(1)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  const after = await reopened()
  expect(after.openIntents).toEqual([])
  expect(after.size).toBe(paths.length)
})

test('a clone that was copied to another disk since has its files back, too', async () => {
  const { root, disk, reopened } = await interrupted()
  const trash = join(root, '.lsync/trash')
  cpSync(trash, join(root, 'copied'), { recursive: true })
  rmSync(trash, { recursive: true })
  renameSync(join(root, 'copied'), trash)
  expect(await repair(disk, await reopened(), new AbortController().signal)).toEqual(paths)
})

test('a repair can be interrupted, and is begun again', async () => {
  const { root, disk, reads, reopened } = await interrupted()
  const stop = new AbortController()
  const state = await reopened()
  reads.onRead = () => {
    stop.abort(new Error('interrupted'))
  }
  await expect(repair(disk, state, stop.signal)).rejects.toThrow('interrupted')
  expect(paths.filter((path) => existsSync(join(root, path)))).toEqual([])
  reads.onRead = () => undefined
  expect(await repair(disk, await reopened(), new AbortController().signal)).toEqual(paths)
})

test('what a repair that was interrupted put back is flushed by the one that ends it', async () => {
  const { disk, reopened } = await interrupted()
  const stop = new AbortController()
  const flushed: string[] = []
  const watched: typeof disk = {
    ...disk,
    async rename(from, to, options) {
      await disk.rename(from, to, options)
      if (to === paths[9]) stop.abort(new Error('interrupted'))
    },
    async flush(some) {
      flushed.push(...some)
      await disk.flush(some)
    },
  }
  await expect(repair(watched, await reopened(), stop.signal)).rejects.toThrow('interrupted')
  expect(flushed).toEqual([])
  const rest = await repair(watched, await reopened(), new AbortController().signal)
  expect(rest).toEqual(paths.slice(10))
  expect(flushed).toEqual(paths)
})

test.each([
  { name: 'is gone', stands: undefined },
  { name: 'gave its name to a file', stands: 'gone' },
])(
  'where a folder $name, the trash keeps the file, and no removal follows from that',
  async ({ stands }) => {
    const { root, disk, first, reopened } = await base()
    mkdirSync(join(root, '.lsync/trash'))
    writeFileSync(join(root, '.lsync/trash/x'), 'x')
    if (stands !== undefined) writeFileSync(join(root, stands), 'another one')
    await first.record([{ path: 'gone/x', entry: fileEntry('v1') }])
    await first.intend([{ path: 'gone/x', trash: '.lsync/trash/x' }])
    const { signal } = new AbortController()
    expect(await repair(disk, await reopened(), signal)).toEqual([])
    const after = await reopened()
    expect(after.openIntents).toEqual([])
    // With a row it would read as removed here, and go on the remote, too.
    expect((await after.entriesOf(['gone/x'], signal)).size).toBe(0)
    expect(after.size).toBe(paths.length)
    expect(existsSync(join(root, '.lsync/trash/x'))).toBe(true)
  },
)

test('what interrupted transfers came to is found by one look at the base', async () => {
  const { root, disk, reads, reopened } = await base()
  const before = await Transfers.open(disk, world, 'memory://one')
  for (const key of paths.slice(0, 20)) {
    const version = key === 'file 7' ? 'v2' : 'v1'
    const record = await before.beginDownload({ key, version, size: 1 })
    writeFileSync(join(root, before.partOf(record)), 'x')
  }
  const transfers = await Transfers.open(disk, world, 'memory://one')
  const state = await reopened()
  const { signal } = new AbortController()
  const provider = memoryStore().open()
  await clearLeftBehind({ provider, signal, state, transfers, world }, 'sync', [])
  expect(reads.count).toBe(1)
  expect(transfers.downloads.map(({ key }) => key)).toEqual(['file 7'])
})
