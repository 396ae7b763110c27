import { expect, test } from 'vitest'
import { simulate, type SimulationOptions } from './simulate.ts'

/** Seeds to try; with all safeguards each of them passes (simulation.test.ts). */
export const TRIED = 500

/** A simulation that does not notice that a safeguard is gone proves nothing. */
export function failsWithout(safeguard: string, options: SimulationOptions = {}): void {
  test(`the simulation fails without ${safeguard}`, { timeout: 120_000 }, async () => {
    let found: readonly string[] = []
    for (let seed = 1; seed <= TRIED && found.length === 0; seed++)
      found = (await simulate(seed, options)).violations
    expect(found).not.toEqual([])
  })
}
