import { expect, test } from 'vitest'
import { TIMEOUT } from './bound.ts'
import { everyIntrusion, everySchedule } from './every-schedule.ts'

test.each(['fresh', 'renamed'] as const)(
  'two clients at once, whoever comes when: %s',
  { timeout: TIMEOUT },
  async (manner) => {
    const { found, schedules } = await everySchedule(manner, 2, 5)
    expect(found).toEqual([])
    expect(schedules).toBeGreaterThan(100)
  },
)

test.each(['local', 'remote'] as const)(
  'somebody else comes between any two steps: %s',
  { timeout: TIMEOUT },
  async (side) => {
    const { found, schedules } = await everyIntrusion(side, 'fresh', 30)
    expect(found).toEqual([])
    expect(schedules).toBeGreaterThan(100)
  },
)
