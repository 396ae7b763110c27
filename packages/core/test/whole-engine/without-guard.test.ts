import { vi } from 'vitest'
import { failsWithout, TRIED } from './without.ts'

vi.mock('../../src/execute/guard.ts', () => ({
  isStill: () => true,
  isMoved: () => true,
  expectStill: async () => undefined,
  expectAbsent: async () => undefined,
}))

failsWithout('the local guard', {}, 1, TRIED * 8)
