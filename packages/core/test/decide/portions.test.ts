import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Joined } from '../../src/decide/join.ts'
import { firstPortion, laterPortions } from '../../src/decide/portions.ts'
import type { BaseEntry, LocalEntry, RemoteEntry } from '../../src/model/entry.ts'
import type { SortedStream } from '../../src/model/side.ts'
import { compareKeys } from '../../src/provider/index.ts'

function local(size: number): LocalEntry {
  return {
    type: 'file',
    stat: { kind: 'file', size, mtime: 1, ctime: 1, inode: 1, executable: false, device: 1 },
    seen: 5,
  }
}

const BASE: BaseEntry = {
  type: 'file',
  size: 1,
  sha256: 'a',
  executable: false,
  remote: { version: '1', fingerprint: '1' },
}

function added(path: string, size = 1): Joined {
  return { path, local: { state: 'present', entry: local(size) }, remote: { state: 'absent' } }
}

function there(path: string): Joined {
  const entry: RemoteEntry = {
    key: path,
    size: 1,
    modified: 1,
    version: '1',
    fingerprint: '1',
    digests: {},
  }
  return { path, local: { state: 'absent' }, remote: { state: 'present', entry } }
}

function known(path: string): Joined {
  return { ...added(path), base: BASE }
}

async function* paged(rows: readonly Joined[], size = 2): SortedStream<Joined> {
  const sorted = rows.toSorted((a, b) => compareKeys(a.path, b.path))
  for (let at = 0; at < sorted.length; at += size) yield sorted.slice(at, at + size)
}

const paths = (rows: readonly Joined[]): string[] => rows.map(({ path }) => path)

/** What the first plan holds, what it leaves, and the rows of the later ones. */
async function divided(rows: readonly Joined[], most: number, sizes: readonly number[] = []) {
  const first: string[] = []
  const left: string[] = []
  const held = new Set<string>()
  const bound = { most, sizes: new Set(sizes) }
  for await (const page of firstPortion(paged(rows), bound, held, ({ path }) => left.push(path)))
    first.push(...paths(page))
  const portions: string[][] = []
  for await (const portion of laterPortions(paged(rows), { held }, most))
    portions.push([...portion.left])
  return { first: first.toSorted(), left, portions }
}

describe('what one plan holds', () => {
  test('is everything where it is little', async () => {
    const rows = [added('a'), known('b'), added('c')]
    expect(await divided(rows, 2)).toEqual({ first: ['a', 'b', 'c'], left: [], portions: [] })
  })

  test('is also what is too much for the arguments of a call, where a name has become a folder there', async () => {
    const rows = [
      known('a'),
      ...Array.from({ length: 200_000 }, (_, index) =>
        there(`a/${String(index).padStart(6, '0')}`),
      ),
    ]
    const held = new Set<string>()
    let passed = 0
    const bound = { most: 2, sizes: new Set<number>() }
    const onLeft = (): never => expect.fail('they belong together')
    for await (const page of firstPortion(paged(rows, 1000), bound, held, onLeft))
      passed += page.length
    expect([passed, held.size]).toEqual([200_001, 200_000])
  })

  test('is so many additions, and all that is no addition', async () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((path) => added(path))
    expect(await divided([...rows, known('bb'), known('f')], 2)).toEqual({
      first: ['a', 'b', 'bb', 'f'],
      left: ['c', 'd', 'e'],
      portions: [['c', 'd'], ['e']],
    })
  })

  test('is what may be a removed file under another name, wherever it stands', async () => {
    const rows = [added('a'), added('b'), added('c', 7), added('d')]
    expect(await divided(rows, 1, [7])).toEqual({
      first: ['a', 'c'],
      left: ['b', 'd'],
      portions: [['b'], ['d']],
    })
  })

  test('is an addition above or below something else that is held', async () => {
    const rows = [added('a'), added('b'), added('b-c'), known('b/x'), added('c'), added('e')]
    const stale: Joined = {
      path: 'e/',
      stale: true,
      local: { state: 'absent' },
      remote: { state: 'absent' },
    }
    // Its mark goes, and removals are of the first plan.
    const filled: Joined = { ...added('f/'), filled: 'itself' }
    const { first, left } = await divided([...rows, stale, filled], 1)
    expect(first).toEqual(['a', 'b', 'b/x', 'e', 'e/', 'f/'])
    expect(left).toEqual(['b-c', 'c'])
  })

  test('a file and what comes below its name are never parted; what stands between is', async () => {
    const { first, portions } = await divided(
      ['0', 'a', 'a.b', 'a/b', 'a/c', 'b', 'c'].map((path) => added(path)),
      1,
    )
    expect(first).toEqual(['0'])
    expect(portions).toEqual([['a.b'], ['a', 'a/b', 'a/c'], ['b'], ['c']])
  })

  test('the mark of a folder that is empty here goes with the first thing that is only there', async () => {
    const rows = [added('a'), added('d/'), there('d/1'), there('d/2'), there('d/3')]
    expect((await divided(rows, 1)).portions).toEqual([['d/', 'd/1'], ['d/2'], ['d/3']])
  })

  test('the mark of a folder elsewhere says nothing about what is in it', async () => {
    for (const mark of [there('d/'), { ...there('d/'), base: BASE }]) {
      const { first, left } = await divided([mark, added('d/1'), added('d/2'), added('d/3')], 1)
      expect([...first, ...left]).toEqual(['d/', 'd/1', 'd/2', 'd/3'])
      expect(left.length).toBeGreaterThan(1)
    }
  })

  test('what has come since, and what has got a row beside it, is not forgotten', async () => {
    const held = new Set(['a'])
    const now = [added('A'), added('a'), known('b'), added('b/new'), added('c')]
    const portions: unknown[] = []
    for await (const { rows, left } of laterPortions(paged(now), { held }, 5))
      portions.push([paths(rows), [...left]])
    expect(portions).toEqual([
      [
        ['A', 'b', 'b/new', 'c'],
        ['A', 'b/new', 'c'],
      ],
    ])
  })
})

test('each addition is in one portion, and none is parted from what is above it', async () => {
  const name = fc.constantFrom('a', 'a-', 'a.b', 'b', 'a0', 'ä')
  const path = fc
    .tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([names, folder]) => names.join('/') + (folder ? '/' : ''))
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(path, { maxLength: 30 }),
      fc.nat({ max: 4 }),
      fc.integer({ min: 1, max: 6 }),
      async (all, held, most) => {
        const rows = all.map((one, index) => (index % 5 < held ? known(one) : added(one)))
        const { first, left, portions } = await divided(rows, most)
        const plans = [first, ...portions]
        expect(plans.flat().toSorted()).toEqual(all.toSorted())
        expect(portions.flat().toSorted()).toEqual(left.toSorted())
        for (const row of rows) if (row.base !== undefined) expect(first).toContain(row.path)
        const planOf = new Map(plans.flatMap((plan, index) => plan.map((one) => [one, index])))
        for (const above of all)
          for (const below of all)
            if (!above.endsWith('/') && below.startsWith(`${above}/`))
              expect(planOf.get(below), `${above} ${below}`).toBe(planOf.get(above))
      },
    ),
    { numRuns: 300 },
  )
})
