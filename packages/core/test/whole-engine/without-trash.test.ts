import { expect, test, vi } from 'vitest'
import { everyForce } from './overwritten.ts'

vi.mock('../../src/execute/settle.ts', async (original) => ({
  ...(await original<typeof import('../../src/execute/settle.ts')>()),
  keepRemoteInTrash: async () => undefined,
}))

test('what is overwritten unseen is lost without the fetch into the trash', async () => {
  expect((await everyForce()).length).toBeGreaterThan(0)
})
