import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'

const RUNS = Number(process.env['LSYNC_SIMULATIONS'] ?? 250)
const SEED = process.env['LSYNC_SEED']

describe('transfers in parts that die anywhere go on, and mix nothing', () => {
  for (const unvouched of [false, true])
    test(unvouched ? 'without digests' : 'with digests', { timeout: 600_000 }, async () => {
      if (SEED !== undefined) {
        const { violations } = await simulate(Number(SEED), {
          large: true,
          unvouched,
          print: (line) => process.stdout.write(`${line}\n`),
        })
        expect(violations).toEqual([])
        return
      }
      const found: string[] = []
      const resumed = { up: 0, down: 0 }
      for (let seed = 1; seed <= RUNS; seed++) {
        const run = await simulate(seed, { large: true, unvouched })
        resumed.up += run.resumed.up
        resumed.down += run.resumed.down
        for (const violation of run.violations) found.push(`LSYNC_SEED=${seed}: ${violation}`)
      }
      expect(found).toEqual([])
      // Bytes, of which a tenth a run is usual: few deaths meet a transfer in its middle, and which do changes with each step of a run.
      expect(resumed.up).toBeGreaterThan(RUNS / 100)
      expect(resumed.down).toBeGreaterThan(RUNS / 100)
    })
})
