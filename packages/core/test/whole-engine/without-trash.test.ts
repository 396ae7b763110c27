import { vi } from 'vitest'
import { failsWithout, TRIED } from './without.ts'

vi.mock('../../src/execute/settle.ts', async (original) => ({
  ...(await original<typeof import('../../src/execute/settle.ts')>()),
  keepRemoteInTrash: async () => undefined,
}))

failsWithout('the fetch of what is overwritten unseen', { overriding: true }, 1, TRIED * 4)
