import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWithin, normalizeScopes } from '../../src/model/path.ts'
import { compareKeys, type ObjectInfo, type StorageProvider } from '../../src/provider/index.ts'
import { memoryStore } from '../../src/provider/memory.ts'
import { listNamed } from '../../src/remote/named.ts'
import { anyPath } from '../state/entries.ts'

const { signal } = new AbortController()
const info = (key: string): ObjectInfo => ({
  key,
  size: 1,
  modified: 0,
  version: key,
  fingerprint: key,
  digests: {},
})

/** A store of these keys that answers by the page, and what it was asked. */
function paged(keys: readonly string[], listPage: number | undefined, perPage: number) {
  const sorted = keys.toSorted(compareKeys)
  const all = new Set(keys)
  const asked = { requests: 0, listed: 0, atOnce: 0 }
  let now = 0
  const answer = async <T>(value: T): Promise<T> => {
    asked.requests++
    asked.atOnce = Math.max(asked.atOnce, ++now)
    await new Promise((resolve) => setImmediate(resolve))
    now--
    return value
  }
  const provider: StorageProvider = {
    ...memoryStore().open(),
    ...(listPage === undefined ? {} : { listPage }),
    async *list({ prefix, after, before }) {
      const found = sorted.filter(
        (key) =>
          key.startsWith(prefix) &&
          (after === undefined || compareKeys(key, after) > 0) &&
          (before === undefined || compareKeys(key, before) < 0),
      )
      for (let from = 0; from === 0 || from < found.length; from += perPage) {
        const page = await answer(found.slice(from, from + perPage).map(info))
        asked.listed += page.length
        yield page
      }
    },
    head: (key) => answer(all.has(key) ? info(key) : undefined),
  }
  return { provider, asked }
}

async function keysOf(pages: AsyncIterable<readonly ObjectInfo[]>): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const page of pages) keys.push(...page.map(({ key }) => key))
  return keys
}

test('what is named, and what lies below it, is listed in order, however it is found', async () => {
  // Names that begin each other, and lie between a name and what is below it.
  const near = fc
    .tuple(
      fc.constantFrom('', 'd/', 'd/e/'),
      fc.nat(60),
      fc.constantFrom('', '!', '-a', '.b', '/c', '/d', '/e'),
    )
    .map(([folder, number, end]) => `${folder}${number}${end}`)
  const path = fc.oneof({ weight: 3, arbitrary: near }, { weight: 1, arbitrary: anyPath })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(path, { maxLength: 200, size: 'max' }),
      fc.uniqueArray(path, { minLength: 1, maxLength: 120, size: 'max' }),
      fc.constantFrom(undefined, 1, 5, 1000),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom(0, 0.2, 16),
      async (keys, named, listPage, perPage, worth) => {
        const paths = normalizeScopes(named)
        const { provider } = paged(keys, listPage, perPage)
        expect(await keysOf(listNamed(provider, paths, signal, worth))).toEqual(
          keys.filter((key) => isWithin(key, paths)).toSorted(compareKeys),
        )
      },
    ),
    { numRuns: 300 },
  )
})

const files = (folder: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${folder}/${String(index).padStart(6, '0')}`)

test('the files of one folder, all named, are listed and not asked for', async () => {
  const named = files('d', 5000)
  const { provider, asked } = paged(
    [...named, ...files('c', 5000), ...files('e', 5000)],
    1000,
    1000,
  )
  expect(await keysOf(listNamed(provider, named, signal))).toEqual(named)
  expect(asked.requests).toBeLessThan(10)
})

test('two paths of a huge store are asked for, and nothing between them is listed', async () => {
  const { provider, asked } = paged(files('d', 20_000), 1000, 1000)
  const named = ['d/000000', 'd/019999']
  expect(await keysOf(listNamed(provider, named, signal))).toEqual(named)
  expect(asked).toMatchObject({ requests: 4, listed: 0 })
})

test('many paths that lie far from each other are asked for at once, after a look that shows how far', async () => {
  const all = files('d', 50_000)
  const { provider, asked } = paged(all, 1000, 1000)
  const named = all.filter((_, index) => index % 500 === 250)
  expect(await keysOf(listNamed(provider, named, signal))).toEqual(named)
  expect(asked.listed).toBeLessThan(3000)
  expect(asked.requests).toBeLessThan(2 * named.length + 5)
  expect(asked.atOnce).toBeGreaterThan(20)
  expect(asked.atOnce).toBeLessThanOrEqual(32)
})

test('a question that fails ends the listing, and none goes on behind it', async () => {
  const named = files('d', 100)
  const { provider } = paged(named, undefined, 1000)
  let asking = 0
  const failing: StorageProvider = {
    ...provider,
    async head(key, options) {
      asking++
      try {
        if (key === named[50]) throw new Error('cannot be asked for')
        return await provider.head(key, options)
      } finally {
        asking--
      }
    },
  }
  await expect(keysOf(listNamed(failing, named, signal))).rejects.toThrow('cannot be asked for')
  expect(asking).toBe(0)
})
