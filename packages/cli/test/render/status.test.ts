import { expect, test } from 'vitest'
import { statusLines } from '../../src/render/status.ts'
import { conflict, download, removeRemote, upload } from './actions.ts'

const EMPTY = {
  remote: 's3://b/p',
  actions: [],
  conflicts: [],
  problems: [],
  unchanged: 7,
  nested: [],
  halts: [],
}

test('nothing to do', () => {
  expect(statusLines(EMPTY, false, '/r')).toEqual(['s3://b/p', 'Nothing to do: 7 files unchanged.'])
})

test('groups what a sync would do', () => {
  const actions = [
    upload('n'),
    upload('c', 2048, 'changed'),
    removeRemote('x\u001Bc'),
    download('d'),
  ]
  expect(statusLines({ ...EMPTY, actions, conflicts: [conflict('k')] }, false, '/r')).toEqual([
    's3://b/p',
    'To download (1 path, 3 B):',
    '  new       d',
    'To upload (2 paths, 2.0 KB):',
    '  new       n',
    '  changed   c',
    'To remove on the remote (1 path):',
    '  removed   x\\x1bc',
    'conflict: k changed on both sides (here 3 B, on the remote 5 B)',
    '1 conflict left, and neither side touched. Settle with: lsync resolve',
    '7 files unchanged.',
  ])
})

test('a folder that goes up weighs nothing', () => {
  expect(statusLines({ ...EMPTY, actions: [upload('f/', 4096)] }, false, '/r')).toContain(
    'To upload (1 path):',
  )
})

test('says that the remote was not asked', () => {
  expect(statusLines(EMPTY, true, '/r')[0]).toBe('s3://b/p (not asked: only what changed here)')
})
