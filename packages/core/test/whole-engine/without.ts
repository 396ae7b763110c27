import { expect, test } from 'vitest'
import { simulate, type SimulationOptions } from './simulate.ts'

/** Seeds to try, unless a safeguard is rarely needed; with all safeguards each of them passes (simulation.test.ts). */
export const TRIED = 500

/**
 * RACE: a file that is renamed while the scan runs is seen at neither place, so its old key goes before the new one came; should the client's
 * disk break before its next run, the content is lost with it. So few of the seeds with breaking disks may show that.
 */
export const FEW = 1

/** A simulation that does not notice that a safeguard is gone proves nothing. */
export function failsWithout(
  safeguard: string,
  options: SimulationOptions = {},
  atLeast = 1,
  tried = TRIED,
): void {
  test(`the simulation fails without ${safeguard}`, { timeout: 300_000 }, async () => {
    let failed = 0
    for (let seed = 1; seed <= tried && failed < atLeast; seed++)
      if ((await simulate(seed, options)).violations.length > 0) failed++
    expect(failed).toBe(atLeast)
  })
}
