import { describe, expect, test } from 'vitest'
import { DiskError } from '../../../src/disk/disk.ts'
import { Client } from './client.ts'
import { memoryDisk } from './memory-disk.ts'
import { Random } from './random.ts'

function machine(granularity = 1) {
  let now = 1_000_000
  const client = new Client('anna', () => now, granularity, 0)
  const disk = memoryDisk(client.files, async () => undefined)
  return { client, disk, wait: (milliseconds: number) => void (now += milliseconds) }
}

/** All that a power cut leaves, over many seeds. */
async function leftovers(
  prepare: (one: ReturnType<typeof machine>) => Promise<void>,
  look: (client: Client) => string,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (let seed = 0; seed < 1000; seed++) {
    const one = machine()
    await prepare(one)
    one.client.files.cut(new Random(seed))
    found.add(look(one.client))
  }
  return found
}

const tree = (client: Client): string => JSON.stringify([...client.tree()])

describe('a power cut', () => {
  test('takes what was not flushed: nothing, all, or the data without the name', async () => {
    const found = await leftovers(async ({ client }) => void client.write('a', 'xy', false), tree)
    expect(found).toEqual(
      new Set([
        '[]',
        '[["a",""]]',
        '[["a","x"]]',
        '[["a","xy"]]',
        '[["a","\\u0000\\u0000"]]',
        '[["a","x\\u0000"]]',
      ]),
    )
  })

  test('takes nothing of what was flushed, with the folders above it', async () => {
    const found = await leftovers(async ({ client, disk }) => {
      client.write('d/e/f', 'text', false)
      await disk.flush(['d/e/f'])
    }, tree)
    expect(found).toEqual(new Set(['[["d/e/f","text"]]']))
  })

  test('takes nothing that lay there for half a minute', async () => {
    const found = await leftovers(async ({ client, wait }) => {
      client.write('a', 'text', false)
      wait(30_000)
    }, tree)
    expect(found).toEqual(new Set(['[["a","text"]]']))
  })

  test('leaves a moved file under one of its names, never under none', async () => {
    for (const overwrite of [true, false]) {
      const found = await leftovers(async ({ client, disk }) => {
        client.write('a', 'text', false)
        client.files.flushAll()
        await disk.makeFolder('d')
        await disk.rename('a', 'd/b', { overwrite })
      }, tree)
      expect(found).toContain('[["a","text"]]')
      expect(found).toContain('[["d/b","text"]]')
      expect(found).not.toContain('[]')
    }
  })

  test('reorders: a later change may live on where an earlier one is lost', async () => {
    const found = await leftovers(
      async ({ client }) => {
        client.makeFolder('a')
        client.makeFolder('b')
      },
      (client) => [...client.snapshot().keys()].join(),
    )
    expect(found).toEqual(new Set(['', 'a/', 'b/', 'a/,b/']))
  })

  test('tears the end of a file that was appended to, never its flushed beginning', async () => {
    const found = await leftovers(
      async ({ disk }) => {
        await disk.appendText('.lsync/journal', 'one')
        await disk.flush(['.lsync/journal'])
        await disk.appendText('.lsync/journal', 'two')
      },
      (client) => client.read('.lsync/journal') ?? 'gone',
    )
    for (const left of found) expect(left).toMatch(/^one(?:t?w?o?|t?w?\0+)$/)
    expect(found).toContain('onet')
    expect(found).toContain('onetwo')
  })

  test('leaves the old or the new of a replaced text, and the new once that has resolved', async () => {
    const found = await leftovers(
      async ({ disk }) => {
        await disk.replaceText('.lsync/text', 'old')
        await disk.replaceText('.lsync/text', 'new')
      },
      (client) => client.read('.lsync/text') ?? 'gone',
    )
    expect(found).toEqual(new Set(['new']))
    const before = await leftovers(
      async ({ client, disk }) => {
        await disk.replaceText('.lsync/text', 'old')
        let steps = 0
        const stopping = memoryDisk(client.files, () =>
          ++steps === 3 ? new Promise(() => undefined) : Promise.resolve(),
        )
        void stopping.replaceText('.lsync/text', 'new')
        for (let i = 0; i < 20; i++) await Promise.resolve()
      },
      (client) => client.read('.lsync/text') ?? 'gone',
    )
    expect(before).toEqual(new Set(['old', 'new']))
  })
})

describe('the disk', () => {
  test('gives the number of a removed file to the next one', async () => {
    const { client, disk } = machine()
    client.write('a', 'text', false)
    const { inode } = (await disk.stat('a')) ?? {}
    await disk.remove('a')
    client.write('b', 'text', false)
    expect((await disk.stat('b'))?.inode).toBe(inode)
  })

  test('keeps the number of a removed file while it is open', async () => {
    const { client, disk } = machine()
    client.write('a', 'text', false)
    const { inode } = (await disk.stat('a')) ?? {}
    const file = await disk.open('a')
    await disk.remove('a')
    client.write('b', 'text', false)
    expect((await disk.stat('b'))?.inode).not.toBe(inode)
    expect(Buffer.from(await file.readAll()).toString()).toBe('text')
    await file[Symbol.asyncDispose]()
    client.write('c', 'text', false)
    expect((await disk.stat('c'))?.inode).toBe(inode)
  })

  test('stamps by the steps of its clock', async () => {
    const { client, disk, wait } = machine(2000)
    wait(1234)
    client.write('a', 'text', false)
    expect(await disk.stat('a')).toMatchObject({ mtime: 1_000_000, ctime: 1_000_000 })
  })

  test('refuses as the real one does', async () => {
    const { client, disk } = machine()
    client.write('a', 'text', false)
    client.write('d/b', 'text', false)
    client.files.forbidden.add('a')
    const code = async (operation: Promise<unknown>): Promise<string> =>
      operation.then(
        () => 'done',
        (error: unknown) => (error instanceof DiskError ? error.code : String(error)),
      )
    expect(await code(disk.open('a'))).toBe('forbidden')
    expect(await code(disk.open('d'))).toBe('is-folder')
    expect(await code(disk.open('gone'))).toBe('missing')
    expect(await code(disk.list('a'))).toBe('not-folder')
    expect(await code(disk.create('a'))).toBe('exists')
    expect(await code(disk.create('gone/a'))).toBe('missing')
    expect(await code(disk.create('a/b'))).toBe('not-folder')
    expect(await code(disk.makeFolder('d'))).toBe('exists')
    expect(await code(disk.removeFolder('d'))).toBe('not-empty')
    expect(await code(disk.remove('d'))).toBe('is-folder')
    expect(await code(disk.rename('a', 'd/b', { overwrite: false }))).toBe('exists')
    expect(await code(disk.rename('a', 'd', { overwrite: true }))).toBe('is-folder')
    expect(await code(disk.rename('d', 'd/e', { overwrite: true }))).toBe('bad-name')
    expect(await disk.stat('a/b')).toBeUndefined()
    client.files.capacity = 10
    expect(await code(disk.appendText('.lsync/x', 'more than there is room for'))).toBe('no-space')
  })
})
