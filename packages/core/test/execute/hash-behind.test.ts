import { createHash, randomBytes } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { DiskFile, HashAside } from '../../src/disk/disk.ts'
import { hashBehind } from '../../src/execute/hash-behind.ts'
import { GrowingRanges } from '../../src/model/ranges.ts'
import { temporaryDisk } from '../disk/temporary.ts'

const MIB = 1024 * 1024
const { signal } = new AbortController()
const digestOf = (algorithm: string, bytes: Uint8Array): string =>
  createHash(algorithm).update(bytes).digest('hex')

const HERE = { isWorth: () => false }
const BY_A_THREAD = { isWorth: () => true }
const MEANS = [
  ['here', HERE],
  ['by a thread', BY_A_THREAD],
] as const

describe.each(MEANS)('%s', (_, worth) => {
  test('the digest is that of what was written, whatever came first', async () => {
    const { disk } = temporaryDisk()
    const bytes = randomBytes(9 * MIB + 17)
    await using writer = await disk.create('file')
    // What is read too early is something else.
    await writer.write(Buffer.alloc(bytes.length, 1), 0)
    await using file = await disk.open('file')
    const behind = hashBehind(file, bytes.length, [], worth)
    const written = new GrowingRanges([])
    const RANGE = 2 * MIB
    const PIECE = 300_000
    for (const range of [1, 0, 3, 4, 2])
      for (
        let from = range * RANGE;
        from < Math.min((range + 1) * RANGE, bytes.length);
        from += PIECE
      ) {
        const to = Math.min(from + PIECE, (range + 1) * RANGE, bytes.length)
        await writer.write(bytes.subarray(from, to), from)
        written.grow(range * RANGE, to)
        behind.reached(written.front)
        // Time enough for a thread to start, and to read too much.
        if (from % RANGE === 0 && worth === BY_A_THREAD) await sleep(80)
      }
    expect(await behind.digest(signal)).toEqual({ sha256: digestOf('sha256', bytes) })
    await behind.stop()
  })

  test('a file that was cut meanwhile is damaged', async () => {
    const { root, disk } = temporaryDisk()
    await using writer = await disk.create('file')
    await writer.write(randomBytes(3 * MIB), 0)
    await using file = await disk.open('file')
    truncateSync(join(root, 'file'), 2 * MIB + 1)
    const behind = hashBehind(file, 3 * MIB, [], worth)
    behind.reached(3 * MIB)
    await expect(behind.digest(signal)).rejects.toMatchObject({ code: 'corrupt' })
  })

  test('it can be stopped, also while it waits, and who waits for the digest interrupted', async () => {
    const { disk } = temporaryDisk()
    await using writer = await disk.create('file')
    await writer.write(randomBytes(3 * MIB), 0)
    await using file = await disk.open('file')
    const threads = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length
    const before = threads()
    const stopped = hashBehind(file, 3 * MIB, [], worth)
    stopped.reached(2 * MIB)
    const stopping = stopped.stop()
    stopped.reached(2 * MIB + 1)
    await stopping
    await vi.waitFor(() => expect(threads()).toBe(before))
    const interrupted = hashBehind(file, 3 * MIB, [], worth)
    // What is missing never comes.
    interrupted.reached(worth === BY_A_THREAD ? 2 * MIB : 3 * MIB)
    const run = new AbortController()
    const digest = interrupted.digest(run.signal)
    run.abort(new Error('interrupted'))
    await expect(digest).rejects.toThrow('interrupted')
    await interrupted.stop()
  })
})

const NO_DIGEST: HashAside = {
  reached: () => undefined,
  digest: async () => undefined,
  stop: async () => undefined,
}

test.each([
  ['cannot be made', () => expect.fail('EAGAIN')],
  ['ends without a digest', () => NO_DIGEST],
])('where a thread %s, the digest comes all the same', async (_, hashAside) => {
  const { disk } = temporaryDisk()
  const bytes = randomBytes(MIB)
  await using writer = await disk.create('file')
  await writer.write(bytes, 0)
  await using file = await disk.open('file')
  const without: DiskFile = {
    stat: () => file.stat(),
    read: (range, stop) => file.read(range, stop),
    readAll: () => file.readAll(),
    readInto: (buffer, from) => file.readInto(buffer, from),
    hashAside,
    [Symbol.asyncDispose]: async () => undefined,
  }
  const behind = hashBehind(without, MIB, [], BY_A_THREAD)
  behind.reached(MIB)
  expect(await behind.digest(signal)).toEqual({ sha256: digestOf('sha256', bytes) })
})

test('other digests than the thread knows are computed here', async () => {
  const { disk } = temporaryDisk()
  const bytes = randomBytes(MIB)
  await using writer = await disk.create('file')
  await writer.write(bytes, 0)
  await using file = await disk.open('file')
  const behind = hashBehind(file, MIB, ['md5'], BY_A_THREAD)
  behind.reached(MIB)
  expect(await behind.digest(signal)).toEqual({
    sha256: digestOf('sha256', bytes),
    md5: digestOf('md5', bytes),
  })
})

/** A file whose reads wait for a word. */
function waiting() {
  const reads: ((outcome: number | Error) => void)[] = []
  const file = {
    readInto: (buffer: Uint8Array) =>
      new Promise<number>((resolve, reject) => {
        reads.push((outcome) => {
          if (typeof outcome === 'number') resolve(Math.min(outcome, buffer.length))
          else reject(outcome)
        })
      }),
  } as unknown as DiskFile
  return { file, reads }
}

test('when it has stopped nothing reads any more', async () => {
  const { file, reads } = waiting()
  const behind = hashBehind(file, 10 * MIB, [], HERE)
  behind.reached(5 * MIB)
  let stopped = false
  const stopping = behind.stop().then(() => {
    stopped = true
  })
  await Promise.resolve()
  expect(stopped).toBe(false)
  reads[0]?.(MIB)
  await stopping
  behind.reached(10 * MIB)
  expect(reads).toHaveLength(1)
})

test('a thread that was stopped leaves nothing to read for anybody else', async () => {
  const { file, reads } = waiting()
  let end: () => void = () => undefined
  const ended = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined)
  })
  const hashAside = (): HashAside => ({
    ...NO_DIGEST,
    digest: () => ended,
    stop: async () => end(),
  })
  const behind = hashBehind({ ...file, hashAside }, 2 * MIB, [], BY_A_THREAD)
  behind.reached(2 * MIB)
  const digest = behind.digest(signal)
  await Promise.all([expect(digest).rejects.toThrow('nobody waits'), behind.stop()])
  expect(reads).toEqual([])
})

test('who waits for the digest can be interrupted', async () => {
  const { file, reads } = waiting()
  const behind = hashBehind(file, 10 * MIB, [], HERE)
  behind.reached(10 * MIB)
  const run = new AbortController()
  const digest = behind.digest(run.signal)
  run.abort(new Error('interrupted'))
  reads[0]?.(MIB)
  await expect(digest).rejects.toThrow('interrupted')
  expect(reads).toHaveLength(1)
})

test('a disk that fails is heard of at the end, and not before', async () => {
  const { file, reads } = waiting()
  const behind = hashBehind(file, 2 * MIB, [], HERE)
  behind.reached(MIB)
  reads[0]?.(new Error('disk on fire'))
  await Promise.resolve()
  behind.reached(2 * MIB)
  await expect(behind.digest(signal)).rejects.toThrow('disk on fire')
  await behind.stop()
})
