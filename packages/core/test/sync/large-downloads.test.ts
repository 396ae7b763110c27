import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ReadOptions, StorageError, type StorageProvider } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const MIB = 1024 * 1024
/** Read in nine ranges, the last one short. */
const SIZE = 33 * MIB
const { signal } = new AbortController()

type Body = (bytes: Uint8Array, options: ReadOptions) => AsyncIterable<Uint8Array>

/** A clone that pulls one large object, whose bodies come as a test wants. */
async function pulling() {
  const wire = { read: 0, ranges: [] as number[], body: straight as Body }
  const around = (provider: StorageProvider): StorageProvider => ({
    ...provider,
    async read(key, options) {
      if (key !== 'file') return provider.read(key, options)
      const { info, body } = await provider.read(key, options)
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      wire.ranges.push(options.from ?? 0)
      async function* counted(): AsyncIterable<Uint8Array> {
        for await (const chunk of wire.body(Buffer.concat(chunks), options)) {
          wire.read += chunk.length
          yield chunk
          // Whoever allows it must not look at it any more.
          if (options.memory !== undefined) chunk.fill(0)
        }
      }
      return { info, body: counted() }
    },
  })
  const both = await clones(1, { around })
  const bytes = randomBytes(SIZE)
  await both.store.open().write(
    'file',
    {
      size: SIZE,
      digests: {},
      async *open() {
        yield bytes
      },
    },
    { signal, metadata: { user: {} }, expect: { kind: 'absent' } },
  )
  const [folder = ''] = both.folders
  return {
    ...both,
    bytes,
    wire,
    arrived: () => readFileSync(join(folder, 'file')).equals(bytes),
    exists: () => existsSync(join(folder, 'file')),
    left: () => readdirSync(join(folder, '.lsync/transfers')),
    [Symbol.dispose]: () => both[Symbol.dispose](),
  }
}

async function* straight(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 60_000)
    yield Uint8Array.from(bytes.subarray(at, at + 60_000))
}

test('chunks of any length, whose memory is used again, make the file', async () => {
  using c = await pulling()
  c.wire.body = async function* (bytes) {
    const lengths = [1, 70_000, 300_000, 17, 256 * 1024, 1_000_000]
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const length = lengths[turn % lengths.length] ?? 1
      yield Uint8Array.from(bytes.subarray(at, at + length))
      at += length
    }
  }
  const { problems, totals } = await c.sync(0)
  expect(problems).toEqual([])
  expect(totals.downloaded).toEqual({ files: 1, bytes: SIZE })
  expect(c.arrived()).toBe(true)
  expect(c.wire.ranges).toHaveLength(9)
  expect(c.left()).toEqual([])
})

test('a first range that comes after all others holds up nothing', async () => {
  using c = await pulling()
  let others = 0
  let release: () => void = () => undefined
  const last = new Promise<void>((resolve) => {
    release = resolve
  })
  c.wire.body = async function* (bytes, { from }) {
    if (from === 0) await last
    yield* straight(bytes)
    if (++others === 8) release()
  }
  expect((await c.sync(0)).problems).toEqual([])
  expect(c.arrived()).toBe(true)
})

test('a range that breaks off goes on where it broke, and no byte comes twice', async () => {
  using c = await pulling()
  const torn = new Set<number>()
  c.wire.body = async function* (bytes, { from = 0 }) {
    const before = torn.size
    if (from % (4 * MIB) !== 0 || torn.add(from).size === before) return yield* straight(bytes)
    yield* straight(bytes.subarray(0, 100_001))
    throw new StorageError('network', 'torn')
  }
  expect((await c.sync(0)).problems).toEqual([])
  expect(c.arrived()).toBe(true)
  expect(c.wire.read).toBe(SIZE)
  expect(c.wire.ranges).toHaveLength(18)
})

test('what arrived before a failure is kept: the next run fetches the rest, around it', async () => {
  using c = await pulling()
  c.wire.body = async function* (bytes, { from }) {
    yield* straight(bytes.subarray(0, 100_001))
    // Once the others are as far.
    if (from === 0) {
      while (c.wire.read < 4 * 100_001) await new Promise(setImmediate)
      throw new StorageError('forbidden', 'no more')
    }
    await new Promise((_, reject) => {
      setTimeout(reject, 50, new StorageError('forbidden', 'no more'))
    })
  }
  const failed = await c.sync(0).catch((error: unknown) => error)
  expect(JSON.stringify(failed)).toContain('forbidden')
  expect(c.exists()).toBe(false)
  expect(c.left()).toHaveLength(2)
  expect(c.wire.read).toBe(4 * 100_001)
  c.wire.body = straight
  const { events, problems } = await c.sync(0)
  expect(problems).toEqual([])
  expect(events).toContainEqual({ type: 'resumed', direction: 'down', bytes: 4 * 100_001 })
  expect(c.arrived()).toBe(true)
  expect(c.wire.read).toBe(SIZE)
})

test('a byte that changed on the way is noticed wherever it is, and the file fetched once more', async () => {
  using c = await pulling()
  let changed = false
  c.wire.body = async function* (bytes, { from }) {
    const received = Uint8Array.from(bytes)
    if (from === 20 * MIB && !changed) {
      changed = true
      received[1234] = (received[1234] ?? 0) ^ 1
    }
    yield* straight(received)
  }
  expect((await c.sync(0)).problems).toEqual([])
  expect(c.arrived()).toBe(true)
  expect(c.wire.read).toBe(2 * SIZE)
})

test('what never is what the store vouches for does not get to its place', async () => {
  using c = await pulling()
  c.wire.body = async function* (bytes, { from }) {
    const received = Uint8Array.from(bytes)
    if (from === 32 * MIB) received[received.length - 1] = (received.at(-1) ?? 0) ^ 1
    yield* straight(received)
  }
  expect((await c.sync(0)).problems).toMatchObject([{ code: 'corrupt', path: 'file' }])
  expect(c.exists()).toBe(false)
  expect(c.left()).toEqual([])
})
