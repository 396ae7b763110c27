import { vi } from 'vitest'
import type { RemoteEntry } from '../../src/model/entry.ts'
import { failsWithout } from './without.ts'

vi.mock('../../src/execute/same-transfer.ts', async (original) => ({
  ...(await original<typeof import('../../src/execute/same-transfer.ts')>()),
  // As if a record did not say of which version its bytes are.
  isSameDownload: (kept: object, { version, size }: RemoteEntry) =>
    Boolean(Object.assign(kept, { version, size })),
}))

failsWithout(
  'the version of what an earlier run fetched',
  { large: true, unvouched: true },
  1,
  4000,
)
