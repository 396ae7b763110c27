import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DigestAside, DiskFile } from '../../src/disk/disk.ts'
import { nodeDisk } from '../../src/index.ts'
import { hashFile, LARGE_FILE } from '../../src/scan/hash.ts'

const PART = 100_000_007
const SIZE = LARGE_FILE + 12_345
const ALSO = [`crc32/${PART}`] as const
const { signal } = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'lsync-hash-'))
const head = randomBytes(1_000_003)
let right: Awaited<ReturnType<typeof hashFile>>

beforeAll(() => {
  writeFileSync(join(folder, 'large'), head)
  // What follows is a hole.
  truncateSync(join(folder, 'large'), SIZE)
  const bytes = Buffer.alloc(SIZE)
  head.copy(bytes)
  const crc32s: string[] = []
  for (let at = 0; at < SIZE; at += PART)
    crc32s.push(
      zlib
        .crc32(bytes.subarray(at, at + PART))
        .toString(16)
        .padStart(8, '0'),
    )
  right = {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    [ALSO[0]]: crc32s.join(''),
  }
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

async function withFile(digestAside: DiskFile['digestAside'] | 'own'): Promise<unknown> {
  await using file = await nodeDisk(folder).open('large')
  const aside = digestAside === 'own' ? file.digestAside : digestAside
  const borrowed: DiskFile = {
    stat: () => file.stat(),
    read: (range, stop) => file.read(range, stop),
    readInto: (buffer, from) => file.readInto(buffer, from),
    readAll: () => file.readAll(),
    ...(aside === undefined ? {} : { digestAside: aside }),
    [Symbol.asyncDispose]: async () => undefined,
  }
  return await hashFile(borrowed, SIZE, ALSO, signal)
}

test('two cores compute what one would', async () => {
  expect(await withFile('own')).toEqual(right)
})

const DEAD: DigestAside = {
  update: async () => undefined,
  digest: async () => undefined,
  stop: async () => undefined,
}

test.each([
  ['there is no other core', undefined],
  ['its thread dies', () => DEAD],
  [
    'the system gives no thread',
    () => {
      throw new Error('EAGAIN')
    },
  ],
])('where %s, one computes all of it', async (_, digestAside) => {
  expect(await withFile(digestAside)).toEqual(right)
})

test('a thread that was stopped in the middle leaves nobody waiting', async () => {
  await using file = await nodeDisk(folder).open('large')
  const aside = file.digestAside?.(ALSO) ?? expect.fail('no thread')
  await aside.update(head)
  await aside.stop()
  expect(await aside.digest()).toBeUndefined()
  await aside.update(head)
})
