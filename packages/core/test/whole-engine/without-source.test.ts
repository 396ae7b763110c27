import { vi } from 'vitest'
import { failsWithout } from './without.ts'

vi.mock('../../src/execute/same-transfer.ts', async (original) => ({
  ...(await original<typeof import('../../src/execute/same-transfer.ts')>()),
  // Whatever the file was when its upload began, it is taken to be the one that is there.
  isUntouched: () => true,
  isSameUpload: () => true,
}))

failsWithout('the look at the file that an upload goes on with', { large: true })
