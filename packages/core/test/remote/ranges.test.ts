import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareKeys, type ObjectInfo, type StorageProvider } from '../../src/provider/index.ts'
import { memoryStore } from '../../src/provider/memory.ts'
import { listRanges, mostRangesFor } from '../../src/remote/ranges.ts'
import { anyPath } from '../state/entries.ts'

const { signal } = new AbortController()

async function stored(keys: readonly string[]): Promise<StorageProvider> {
  const provider = memoryStore().open()
  for (const key of keys)
    await provider.write(
      key,
      { size: 0, digests: {}, bytes: new Uint8Array(), async *open() {} },
      { signal, expect: { kind: 'absent' }, metadata: { user: {} } },
    )
  return provider
}

async function keysOf(pages: AsyncIterable<readonly ObjectInfo[]>): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const page of pages) keys.push(...page.map(({ key }) => key))
  return keys
}

test('ranges put together are the whole listing, wherever they are cut: also at keys that are there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyPath, { maxLength: 30 }),
      fc.array(anyPath, { maxLength: 8 }),
      async (keys, others) => {
        const provider = await stored(keys)
        const cuts = [...new Set([...others, ...keys.filter((_, index) => index % 3 === 0)])]
        cuts.sort(compareKeys)
        expect(await keysOf(listRanges(provider, cuts, signal))).toEqual(keys.toSorted(compareKeys))
      },
    ),
    { numRuns: 200 },
  )
})

test('a range that fails ends the listing, and nothing goes on behind it', async () => {
  const provider = await stored(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  let open = 0
  const failing: StorageProvider = {
    ...provider,
    async *list(range, options) {
      open++
      try {
        for await (const page of provider.list(range, options)) {
          if (page.some(({ key }) => key === 'c')) throw new Error('c cannot be listed')
          yield page
        }
      } finally {
        open--
      }
    },
  }
  await expect(keysOf(listRanges(failing, ['a', 'b', 'c', 'd', 'e'], signal))).rejects.toThrow(
    'c cannot be listed',
  )
  expect(open).toBe(0)
})

test('one that is stopped throws, and never ends short', async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `k${String(index).padStart(2, '0')}`)
  const provider = await stored(keys)
  const paged: StorageProvider = {
    ...provider,
    // Goes on whatever the signal says: the end of a range must not be taken for its end by being stopped.
    async *list(range) {
      for await (const page of provider.list(range, { signal }))
        for (const info of page) yield [info]
    },
  }
  const stop = new AbortController()
  const listing = listRanges(paged, ['k10', 'k20'], stop.signal)
  const seen: string[] = []
  const read = async (): Promise<void> => {
    for await (const page of listing) {
      seen.push(...page.map(({ key }) => key))
      if (seen.length === 2) stop.abort(new Error('stopped'))
    }
  }
  await expect(read()).rejects.toThrow('stopped')
  expect(seen).toEqual(keys.slice(0, seen.length))
})

test.each([
  [1, 1],
  [14, 1],
  [20, 2],
  [50, 4],
  [500, 4],
  [undefined, 4],
])('a listing %s ms away is parted into %i ranges at most', (quickest, ranges) => {
  expect(mostRangesFor(quickest)).toBe(ranges)
})
