import { expect, test } from 'vitest'
import { TIMEOUT } from './bound.ts'
import { everyDeath } from './every-death.ts'

const FEW = [
  ['', 'a=1', 'a=2'],
  ['', 'd=1', 'd/', 'd/a=1', 'd/a=2'],
]

test.each(['fresh', 'renamed'] as const)(
  'a run that dies anywhere changes nothing of what comes in the end: %s',
  { timeout: TIMEOUT },
  async (manner) => {
    const { found, deaths } = await everyDeath(FEW, manner, 2)
    expect(found).toEqual([])
    expect(deaths).toBeGreaterThan(100)
  },
)
