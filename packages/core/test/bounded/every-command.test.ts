import { expect, test } from 'vitest'
import { TIMEOUT } from './bound.ts'
import { everyCommand } from './every-command.ts'

const FEW = [
  ['', 'a=1', 'a=2'],
  ['', 'd=1', 'd/', 'd/a=1', 'd/a=2'],
]

test.each(['fresh', 'renamed'] as const)(
  'every command, after whatever commands there were before: %s',
  { timeout: TIMEOUT },
  async (manner) => {
    const { found, bases } = await everyCommand(FEW, manner, 1000)
    expect(found).toEqual([])
    // Those of partial runs are no tree that anybody ever had.
    expect(bases.length).toBeGreaterThan(15)
  },
)
