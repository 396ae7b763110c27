import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Disk, HashAside } from '../../src/disk/disk.ts'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { Arena } from '../../src/execute/arena.ts'
import type { Effects } from '../../src/execute/context.ts'
import type { Staged } from '../../src/execute/content.ts'
import { fetch } from '../../src/execute/fetch.ts'
import { WorthAThread } from '../../src/execute/hash-behind.ts'
import { bytesSource, memoryStore, type StorageProvider } from '../../src/provider/index.ts'
import { Bandwidth } from '../../src/remote/limiter.ts'
import { temporaryDisk } from '../disk/temporary.ts'

const MIB = 1024 * 1024
const { signal } = new AbortController()

/** Its first delivery is damaged on the way. */
function damaging(provider: StorageProvider): StorageProvider {
  let first = true
  return {
    ...provider,
    async read(key, options) {
      const { info, body } = await provider.read(key, options)
      const damages = first
      first = false
      const delivered = async function* () {
        for await (const chunk of body) {
          const copy = Uint8Array.from(chunk)
          if (damages) copy[7] = ~(copy[7] ?? 0)
          yield copy
        }
      }
      return { info, body: delivered() }
    },
  }
}

/** Gives files to what stands for a thread. */
function disk(aside: (own: (size: number) => HashAside) => (size: number) => HashAside) {
  const { root, disk: real } = temporaryDisk()
  const asked: number[] = []
  const changed: Disk = {
    ...real,
    async create(path) {
      const writer = await real.create(path)
      const hashAside = aside(writer.hashAside ?? expect.fail('no thread'))
      return Object.assign(writer, {
        hashAside: (size: number) => {
          asked.push(size)
          return hashAside(size)
        },
      })
    },
  }
  return { root, disk: changed, asked }
}

const SILENT: HashAside = {
  reached: () => undefined,
  digest: async () => undefined,
  stop: async () => undefined,
}

test.each<readonly [string, Parameters<typeof disk>[0]]>([
  ['hashes', (own) => own],
  ['has no digest', () => () => SILENT],
  ['cannot be made', () => () => expect.fail('EAGAIN')],
])('where a thread %s, what was damaged on the way is fetched once more', async (_, aside) => {
  const bytes = randomBytes(3 * MIB + 17)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const store = memoryStore()
  const metadata = { user: { sha256 } }
  const written = await store
    .open()
    .write('x', bytesSource(bytes), { signal, expect: { kind: 'absent' }, metadata })
  const { root, disk: changed, asked } = disk(aside)
  await changed.makeFolder('.lsync')
  await changed.makeFolder('.lsync/staging')
  const world = nodeWorld()
  const effects = {
    disk: changed,
    provider: damaging(store.open()),
    world,
    bandwidth: { down: new Bandwidth(undefined, world) },
    arenas: { down: new Arena() },
    worthAThread: { isWorth: () => true },
    ranged: { from: Infinity },
    onEvent: () => undefined,
  } as unknown as Effects
  const fetched = await fetch(effects, written, signal)
  expect(fetched.sha256).toBe(sha256)
  expect(asked).toEqual([bytes.length, bytes.length])
  const { path } = fetched as Staged
  expect(readFileSync(join(root, path)).equals(bytes)).toBe(true)
})

test('a thread is worth it for what is large, and for all but small files once much was hashed', () => {
  const worth = new WorthAThread()
  expect(worth.isWorth(256 * MIB)).toBe(true)
  for (let file = 0; file < 32; file++) expect(worth.isWorth(2 * MIB)).toBe(false)
  expect(worth.isWorth(2 * MIB)).toBe(true)
  expect(worth.isWorth(MIB - 1)).toBe(false)
})
