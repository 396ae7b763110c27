import { describe, expect, test } from 'vitest'
import { type Engine, realEngine } from './engine.ts'
import { naiveEngine } from './naive-engines.ts'
import { simulate, type SimulationOptions } from './run.ts'

/** The kinds of violation that so many seeds find. */
async function found(engine: Engine, seeds: number, options: SimulationOptions = {}) {
  const kinds = new Set<string>()
  for (let seed = 1; seed <= seeds; seed++)
    for (const { kind } of (await simulate(seed, options, engine)).violations) kinds.add(kind)
  return kinds
}

const PLAIN: SimulationOptions = { plain: true }

describe('the same seed gives the same run', () => {
  test('with the real engine', async () => {
    const hashes = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      const first = await simulate(seed, {}, realEngine)
      expect(await simulate(seed, {}, realEngine)).toEqual(first)
      hashes.add(first.hash)
    }
    expect(hashes.size).toBe(30)
  })

  test('and an engine that rolls its own dice is found out', async () => {
    const engine = naiveEngine({ unseeded: true })
    let differ = 0
    for (let seed = 1; seed <= 10; seed++) {
      const [a, b] = [await simulate(seed, {}, engine), await simulate(seed, {}, engine)]
      if (a.hash !== b.hash) differ++
    }
    expect(differ).toBeGreaterThan(0)
  })
})

describe('the checks', () => {
  test('find nothing wrong with an engine that never overwrites and never removes', async () => {
    expect([...(await found(naiveEngine(), 300, PLAIN))]).toEqual([])
  })

  test('find content that the last writer buried', async () => {
    expect(await found(naiveEngine({ lastWriterWins: true }), 60, PLAIN)).toContain('lost')
  })

  test('find trees that stay apart', async () => {
    const kinds = await found(naiveEngine({ neverPulls: true }), 20, PLAIN)
    expect(kinds).toContain('unequal')
  })

  test('find work where there is nothing to do', async () => {
    const kinds = await found(naiveEngine({ restless: true }), 20, PLAIN)
    expect(kinds).toContain('restless')
  })

  test('find the engine out when its flushes do nothing', async () => {
    const forgetful: Engine = {
      ...realEngine,
      run: (context) =>
        realEngine.run({
          ...context,
          disk: { ...context.disk, flush: async () => undefined, flushAll: async () => undefined },
        }),
    }
    expect(await found(forgetful, 400)).toContain('lost')
  })

  test('find a row that claims what is not so', async () => {
    const liar: Engine = {
      ...realEngine,
      rows: async (disk, world) =>
        ((await realEngine.rows?.(disk, world)) ?? []).map(({ path, entry }) => ({
          path,
          entry: { ...entry, sha256: '0'.repeat(64) },
        })),
    }
    expect(await found(liar, 5)).toContain('false-row')
  })

  test('find an engine that breaks, and one that leaves effects behind', async () => {
    const broken: Engine = { run: async () => Promise.reject(new TypeError('broken')) }
    expect(await found(broken, 2)).toContain('failed')
    const hasty: Engine = {
      async run({ disk }) {
        void disk.makeFolder('a')
        void disk.remove('b')
        return { conflicts: [], problems: [], halted: 0 }
      },
    }
    expect(await found(hasty, 2)).toContain('unattended')
  })

  test('find an engine that waits for what never comes', async () => {
    const stuck: Engine = { run: () => new Promise(() => undefined) }
    const { violations } = await simulate(1, {}, stuck)
    expect(violations.map(({ message }) => message).join()).toContain('nothing can go on')
  })
})
