import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Disk, nodeDisk } from '../../src/index.ts'
import { DiskError } from '../../src/disk/disk.ts'
import { clones } from './two-clones.ts'

const MIB = 1024 * 1024
const { signal } = new AbortController()

/** A disk on which large downloads have so much room together; what finds none keeps its own until `crowd` have found none. */
function narrow(root: string, room: number, crowd: number): Disk {
  const disk = nodeDisk(root)
  const used = new Map<string, number>()
  let refused = 0
  let open: () => void = () => undefined
  const crowded = new Promise<void>((resolve) => {
    open = resolve
  })
  const full = new Set<string>()
  const total = (): number => [...used.values()].reduce((sum, bytes) => sum + bytes, 0)
  return {
    ...disk,
    free: async () => room - total(),
    async create(path) {
      const writer = await disk.create(path)
      if (!path.endsWith('.part')) return writer
      used.set(path, 0)
      const write = writer.write.bind(writer)
      return Object.assign(writer, {
        async write(bytes: Uint8Array, at: number) {
          if (full.has(path) || total() + bytes.length > room) {
            if (!full.has(path)) refused++
            full.add(path)
            if (refused >= crowd) open()
            throw new DiskError('no-space', path, 'no space is left, ENOSPC')
          }
          used.set(path, (used.get(path) ?? 0) + bytes.length)
          await write(bytes, at)
        },
      })
    },
    async remove(path) {
      if (full.has(path)) await crowded
      await disk.remove(path)
      used.delete(path)
      full.delete(path)
    },
  }
}

/** A clone that pulls large objects of these sizes. */
async function pulling(sizes: Readonly<Record<string, number>>, room: number, crowd: number) {
  const read = { bytes: 0 }
  const both = await clones(1, {
    openDisk: (root) => narrow(root, room, crowd),
    around: (provider) => ({
      ...provider,
      async read(key, options) {
        const { info, body } = await provider.read(key, options)
        async function* counted(): AsyncIterable<Uint8Array> {
          for await (const chunk of body)
            for (let at = 0; at < chunk.length; at += MIB) {
              const piece = chunk.subarray(at, at + MIB)
              read.bytes += piece.length
              // Others get their turn.
              await new Promise(setImmediate)
              yield piece
            }
        }
        return { info, body: counted() }
      },
    }),
  })
  const contents = new Map<string, Buffer>()
  for (const [key, size] of Object.entries(sizes)) {
    const bytes = randomBytes(size)
    contents.set(key, bytes)
    const source = {
      size,
      digests: {},
      async *open() {
        yield bytes
      },
    }
    const expected = { kind: 'absent' } as const
    await both.store.open().write(key, source, { signal, metadata: { user: {} }, expect: expected })
  }
  const at = (key: string): string => join(both.folders[0] ?? '', key)
  return {
    ...both,
    read,
    arrived: () =>
      [...contents]
        .filter(([key, bytes]) => existsSync(at(key)) && readFileSync(at(key)).equals(bytes))
        .map(([key]) => key),
    [Symbol.dispose]: () => both[Symbol.dispose](),
  }
}

test('of two large downloads that have no room beside each other, the smaller one arrives', async () => {
  using c = await pulling({ a: 36 * MIB, b: 33 * MIB }, 40 * MIB, 2)
  const { problems, totals } = await c.sync(0)
  expect(problems).toMatchObject([{ path: 'a', code: 'no-space' }])
  expect(totals).toMatchObject({ downloaded: { files: 1 }, failed: 1 })
  expect(c.arrived()).toEqual(['b'])
})

test('one that has no room by itself is not fetched once more', async () => {
  using c = await pulling({ a: 36 * MIB, b: 37 * MIB }, 34 * MIB, 2)
  const { problems } = await c.sync(0)
  expect(problems).toMatchObject([
    { path: 'a', code: 'no-space' },
    { path: 'b', code: 'no-space' },
  ])
  expect(c.read.bytes).toBeLessThan(2 * 40 * MIB)
})

test('nor one that gave way to another', async () => {
  using c = await pulling({ a: 36 * MIB, b: 33 * MIB }, 40 * MIB, 1)
  const { problems } = await c.sync(0)
  expect(problems).toHaveLength(1)
  expect(c.arrived()).toHaveLength(1)
})
