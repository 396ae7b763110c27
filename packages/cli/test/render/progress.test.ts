import type { LsyncEvent } from '@lsync/core'
import { expect, test } from 'vitest'
import { fold, START, statusLine } from '../../src/render/progress.ts'
import { upload } from './actions.ts'

const MB = 1024 * 1024

type Timed = readonly [at: number, event: LsyncEvent]

/** Events at times in milliseconds; the line at the last one's. */
function lineAfter(...events: readonly Timed[]): string {
  let progress = START
  let now = 0
  for (const [at, event] of events) progress = fold(progress, event, (now = at))
  return statusLine(progress, now)
}

const planned: LsyncEvent = { type: 'planned', actions: 3, transfers: 2, bytes: 10 * MB }
const transferring: LsyncEvent = { type: 'phase', phase: 'transferring' }
const sent: LsyncEvent = { type: 'bytes', direction: 'up', bytes: MB }

const CASES: readonly (readonly [string, readonly Timed[], string])[] = [
  ['at first', [], 'opening …'],
  [
    'while comparing',
    [
      [0, { type: 'phase', phase: 'comparing' }],
      [1, { type: 'seen', local: 12, remote: 10 }],
      [2, { type: 'hashed', files: 3, bytes: 9 }],
    ],
    'comparing: 12 files, 3 read',
  ],
  [
    'while transferring: rate and time left',
    [
      [0, planned],
      [0, transferring],
      [1000, sent],
      [1000, { type: 'action', action: upload('a'), result: 'done' }],
      [2000, sent],
    ],
    '1 of 2 files, 2.0 MB of 10.0 MB, 1.0 MB/s, 8s left',
  ],
  [
    'the rate is that of the last seconds',
    [
      [0, planned],
      [0, transferring],
      [1000, { type: 'bytes', direction: 'up', bytes: 8 * MB }],
      [20_000, sent],
      [21_000, sent],
    ],
    '0 of 2 files, 10.0 MB of 10.0 MB, 1.0 MB/s',
  ],
  [
    'bytes that are sent again never make a total too small',
    [
      [0, { ...planned, bytes: MB }],
      [0, transferring],
      [1000, sent],
      [2000, sent],
    ],
    '0 of 2 files, 2.0 MB of 2.0 MB, 1.0 MB/s',
  ],
  [
    'while removing',
    [
      [0, planned],
      [1, { type: 'action', action: upload('a'), result: 'done' }],
      [2, { type: 'phase', phase: 'removing' }],
    ],
    'removing: 1 of 3 done',
  ],
]

test.each(CASES)('%s', (_, events, line) => {
  expect(lineAfter(...events)).toBe(line)
})
