import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { StorageError, type StorageProvider } from '../../src/index.ts'
import { clones } from './two-clones.ts'

/** On both sides of what is held as one, of a chunk, and of a buffer's length. */
const SIZES = [1, 16_384, 16_385, 65_536, 262_144, 262_145, 500_000, 524_289, 1_048_577, 3_000_000]

test('files of all sizes arrive, whatever was sent of them before, while their memory is used again', async () => {
  const attempts = new Map<string, number>()
  const around = (provider: StorageProvider): StorageProvider => ({
    ...provider,
    async write(key, source, options) {
      const attempt = (attempts.get(key) ?? 0) + 1
      attempts.set(key, attempt)
      if (attempt === 1 && key.endsWith('-0')) {
        // Half of it went out before the line broke.
        for await (const _ of source.open(0, options.signal)) break
        throw new StorageError('network', 'torn')
      }
      // Others take memory meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 2))
      return provider.write(key, source, options)
    },
  })
  using both = await clones(2, { around, partSize: 8 * 1024 * 1024 })
  const [here = '', there = ''] = both.folders
  const contents = SIZES.flatMap((size) =>
    Array.from(
      { length: size <= 65_536 ? 60 : 6 },
      (_, index) => [`file-${size}-${index}`, randomBytes(size)] as const,
    ),
  )
  for (const [name, bytes] of contents) writeFileSync(join(here, name), bytes)
  expect((await both.sync(0)).problems).toEqual([])
  expect((await both.sync(1)).problems).toEqual([])
  for (const [name, bytes] of contents)
    expect(readFileSync(join(there, name)).equals(bytes), name).toBe(true)
  expect(attempts.get('file-3000000-0')).toBe(2)
}, 30_000)
