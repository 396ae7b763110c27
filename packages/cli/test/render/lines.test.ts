import type { Action, LsyncEvent, RunReport } from '@lsync/core'
import { describe, expect, test } from 'vitest'
import { eventLine, reportLines, unfinishedUploadLine } from '../../src/render/lines.ts'
import {
  adopt,
  conflict,
  download,
  keepBoth,
  localOf,
  NOTHING,
  removeLocal,
  removeRemote,
  report,
  upload,
} from './actions.ts'

function done(action: Action): LsyncEvent {
  return { type: 'action', action, result: 'done' }
}

const plain = { verbose: false, dryRun: false }

describe('an event in a line', () => {
  test.each<readonly [string, LsyncEvent, string | undefined]>([
    ['an upload', done(upload('a')), 'upload a'],
    ['a download', done(download('a')), 'download a'],
    ['a removal here', done(removeLocal('a')), 'remove a (here, into the trash)'],
    ['a removal there', done(removeRemote('a')), 'remove a (on the remote)'],
    [
      'both versions',
      done(keepBoth('a')),
      'keep both versions of a (that of the remote arrives under another name)',
    ],
    [
      'an edit that survives a removal',
      done(upload('a', 3, 'revived')),
      'upload a (edited on one side, removed on the other: the edit stays)',
    ],
    ['what only the database learns', done(adopt('a')), undefined],
    ['a hostile name', done(upload('a\n\u001B[2Jb')), 'upload a\\n\\x1b[2Jb'],
    [
      'a failure, which is a problem at the end',
      { type: 'action', action: upload('a'), result: 'failed' },
      undefined,
    ],
    ['bytes', { type: 'bytes', direction: 'up', bytes: 1 }, undefined],
  ])('%s', (_, event, line) => {
    expect(eventLine(event, plain)).toBe(line)
  })

  test('with details', () => {
    const verbose = { verbose: true, dryRun: false }
    expect(eventLine(done(upload('a', 2048, 'changed')), verbose)).toBe(
      'upload a (changed; 2.0 KB)',
    )
    expect(eventLine(done(adopt('a')), verbose)).toBe('note a (the same on both sides)')
  })

  test('in a dry run', () => {
    const event: LsyncEvent = { type: 'action', action: removeRemote('a'), result: 'planned' }
    expect(eventLine(event, { verbose: false, dryRun: true })).toBe(
      'would remove a (on the remote)',
    )
  })
})

describe('the end of a run', () => {
  const HINT = '1 conflict left, and neither side touched. Settle with: lsync resolve'
  test.each<readonly [string, Partial<RunReport>, readonly string[]]>([
    ['nothing', { totals: { ...NOTHING, unchanged: 1 } }, ['Nothing to do: 1 file unchanged.']],
    [
      'everything',
      {
        totals: {
          uploaded: { files: 2, bytes: 2048 },
          downloaded: { files: 1, bytes: 5 },
          removedLocally: 1,
          removedRemotely: 2,
          moved: 0,
          adopted: 3,
          executable: 1,
          unchanged: 4,
          failed: 1,
        },
      },
      [
        '2 files uploaded (2.0 KB), 1 file downloaded (5 B), 1 removed here (into the trash), 2 removed on the remote, 3 found the same on both sides, 1 executable bit changed, 1 failed, 4 unchanged.',
      ],
    ],
    [
      'a conflict',
      { conflicts: [conflict('a\rb')] },
      [
        'conflict: a\\rb changed on both sides (here 3 B, on the remote 5 B)',
        HINT,
        'Nothing else to do: 0 files unchanged.',
      ],
    ],
    [
      'a conflict with a folder',
      { conflicts: [{ ...conflict('a'), kind: 'file-folder' }] },
      [
        'conflict: a is a file on one side and a folder on the other',
        HINT,
        'Nothing else to do: 0 files unchanged.',
      ],
    ],
    [
      'a conflict with a removal',
      { conflicts: [{ path: 'a', kind: 'content', local: localOf(3), remote: 'absent' }] },
      [
        'conflict: a changed here and was removed on the remote',
        HINT,
        'Nothing else to do: 0 files unchanged.',
      ],
    ],
    [
      'two problems with one hint',
      {
        problems: [
          { path: 'a', code: 'changing' },
          { path: 'b', code: 'busy', detail: 'said\u001B[1m so' },
        ],
      },
      [
        'problem: a kept changing while it was looked at',
        'problem: b is being changed by another client just now (said\\x1b[1m so)',
        'Nothing is lost by it: run lsync again.',
        'Nothing else to do: 0 files unchanged.',
      ],
    ],
    [
      'guards',
      {
        halted: [
          { guard: 'mass-delete', side: 'remote', affected: 9, total: 10 },
          { guard: 'emptied', side: 'local', affected: 10, total: 10 },
        ],
      },
      [
        'halted (mass-delete): 9 of 10 files would be removed on the remote',
        'halted (emptied): this folder holds nothing any more: is a disk missing?',
        'Nothing was changed. lsync status shows what would be; if it is what you want: --allow mass-delete --allow emptied',
      ],
    ],
  ])('%s', (_, facts, lines) => {
    expect(reportLines(report(facts), { quiet: false, dryRun: false })).toEqual(lines)
  })

  test('in a dry run it says would', () => {
    const totals = { ...NOTHING, uploaded: { files: 1, bytes: 3 }, removedLocally: 1 }
    expect(reportLines(report({ totals }), { quiet: false, dryRun: true })).toEqual([
      '1 file would be uploaded (3 B), 1 would be removed here (into the trash), 0 unchanged.',
    ])
  })

  test('quiet says only what is left to do', () => {
    const quiet = { quiet: true, dryRun: false }
    expect(reportLines(report({ totals: { ...NOTHING, unchanged: 3 } }), quiet)).toEqual([])
    expect(reportLines(report({ problems: [{ path: 'a', code: 'special-file' }] }), quiet)).toEqual(
      ['problem: a is no regular file; skipped'],
    )
  })

  test('of many the first 20, and how many more', () => {
    const conflicts = Array.from({ length: 25 }, (_, index) => conflict(`f${index}`))
    const lines = reportLines(report({ conflicts }), { quiet: true, dryRun: false })
    expect(lines).toHaveLength(22)
    expect(lines[20]).toBe('… and 5 more conflicts (--json and --log-file have all)')
  })
})

test.each([
  [{ begun: Date.UTC(2026, 10, 24), ours: true }, 'on 2026-11-24T00:00:00.000Z', 'a sync here'],
  [{ ours: false }, 'at a time that the store does not tell', 'not by this folder'],
])('an unfinished upload is as old as the store says', (pending, when, follows) => {
  const line = unfinishedUploadLine({ key: 'a\n', token: {}, ...pending })
  expect(line).toContain(`An upload of a\\n was begun ${when} and not finished; ${follows}`)
})
