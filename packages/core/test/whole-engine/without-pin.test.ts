import { vi } from 'vitest'
import type { RemoteEntry } from '../../src/model/entry.ts'
import { failsWithout, TRIED } from './without.ts'

vi.mock('../../src/execute/same-transfer.ts', async (original) => ({
  ...(await original<typeof import('../../src/execute/same-transfer.ts')>()),
  // As if a record did not say of which version its bytes are.
  isSameDownload: (kept: object, { version, size }: RemoteEntry) =>
    Boolean(Object.assign(kept, { version, size })),
}))

// A client must die in the middle of a large file that changes before its next run: so it shows in few of the seeds.
failsWithout(
  'the version of what an earlier run fetched',
  { large: true, unvouched: true },
  1,
  TRIED * 8,
)
