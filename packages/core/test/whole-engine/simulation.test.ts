import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { FEW, TRIED } from './without.ts'

const RUNS = Number(process.env['LSYNC_SIMULATIONS'] ?? 2000)
const SEED = process.env['LSYNC_SEED']
const BATCHES = 8

describe('simulation', () => {
  if (SEED !== undefined) {
    test(`seed ${SEED}`, async () => {
      const { violations } = await simulate(Number(SEED), {
        portions: Number(SEED) % 2 === 0,
        print: (line) => process.stdout.write(`${line}\n`),
      })
      expect(violations).toEqual([])
    })
    return
  }
  for (let batch = 0; batch < BATCHES; batch++)
    test(`seeds ${batch} of ${BATCHES}`, { timeout: 600_000 }, async () => {
      const found: string[] = []
      for (let seed = batch + 1; seed <= RUNS; seed += BATCHES) {
        const { violations } = await simulate(seed, { portions: seed % 2 === 0 })
        if (violations.length > 0) found.push(`LSYNC_SEED=${seed}: ${violations.join('; ')}`)
        if (found.length > 5) break
      }
      expect(found).toEqual([])
    })
  test('what the remote held outlives the disk of a client', { timeout: 120_000 }, async () => {
    const found: string[] = []
    for (let seed = 1; seed <= TRIED; seed++)
      for (const violation of (await simulate(seed, { disksBreak: true })).violations)
        found.push(`${seed}: ${violation}`)
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(FEW)
  })
  test('what loses against --force and --mirror is in a trash', { timeout: 120_000 }, async () => {
    const found: string[] = []
    for (let seed = 1; seed <= TRIED; seed++)
      for (const violation of (await simulate(seed, { overriding: true, turning: seed % 2 === 0 }))
        .violations)
        found.push(`${seed}: ${violation}`)
    expect(found).toEqual([])
  })
  test('folders that people turn around lose nothing', { timeout: 120_000 }, async () => {
    const found: string[] = []
    for (let seed = 1; seed <= TRIED; seed++)
      for (const violation of (await simulate(seed, { turning: true, portions: seed % 2 === 0 }))
        .violations)
        found.push(`${seed}: ${violation}`)
    expect(found).toEqual([])
  })
  test('links and rules that come and go lose nothing', { timeout: 120_000 }, async () => {
    const found: string[] = []
    for (let seed = 1; seed <= TRIED / 2; seed++)
      for (const violation of (await simulate(seed, { oddities: true })).violations)
        found.push(`${seed}: ${violation}`)
    expect(found).toEqual([])
  })
  test(
    'folders that are repositories of their own for a while lose nothing',
    {
      timeout: 120_000,
    },
    async () => {
      const found: string[] = []
      for (let seed = 1; seed <= TRIED / 2; seed++)
        for (const violation of (await simulate(seed, { nesting: true, turning: seed % 2 === 0 }))
          .violations)
          found.push(`${seed}: ${violation}`)
      expect(found).toEqual([])
    },
  )
  test('the same seed gives the same run', async () => {
    for (const seed of [1, 2, 3, 4, 5]) expect(await simulate(seed)).toEqual(await simulate(seed))
  })
})
