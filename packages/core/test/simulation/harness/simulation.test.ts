import { describe, expect, test } from 'vitest'
import { realEngine } from './engine.ts'
import { simulate } from './run.ts'

const RUNS = Number(process.env['LSYNC_SIMULATIONS'] ?? 2000)
const SEED = process.env['LSYNC_SEED']
const BATCHES = 8
/** Enough to see whether the failures are of one kind. */
const MOST_SHOWN = 12

/**
 * The whole engine, many clients and one store. `LSYNC_SIMULATIONS=N` runs more seeds; `LSYNC_SEED=n` runs one and prints its story.
 */
describe('simulation', () => {
  if (SEED !== undefined) {
    test(`seed ${SEED}`, { timeout: 60_000 }, async () => {
      const onLine = (line: string): void => void process.stdout.write(`${line}\n`)
      const { violations } = await simulate(Number(SEED), { onLine }, realEngine)
      expect(violations).toEqual([])
    })
    return
  }

  for (let batch = 1; batch <= BATCHES; batch++)
    test(`${Math.ceil(RUNS / BATCHES)} seeds, batch ${batch}`, { timeout: 3_600_000 }, async () => {
      const failures: string[] = []
      for (let seed = batch; seed <= RUNS; seed += BATCHES) {
        const { violations } = await simulate(seed, {}, realEngine)
        for (const { kind, message } of violations)
          failures.push(`LSYNC_SEED=${seed} ${kind}: ${message}`)
      }
      expect(failures.slice(0, MOST_SHOWN), `${failures.length} violations`).toEqual([])
    })
})
