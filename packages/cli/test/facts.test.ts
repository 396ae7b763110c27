import { expect, test } from 'vitest'
import { actionFacts, ActionsDone, unfinishedUploadFacts } from '../src/facts.ts'
import { download, removeRemote, upload } from './render/actions.ts'

test('of a path that is tried again, what was done stays, and what failed counts no more', () => {
  const actions = new ActionsDone()
  actions.onEvent({ type: 'action', action: upload('x'), result: 'done' })
  actions.onEvent({ type: 'action', action: download('x'), result: 'failed' })
  actions.onEvent({ type: 'action', action: download('y'), result: 'failed' })
  actions.onEvent({ type: 'action', action: download('z'), result: 'failed' })
  actions.onEvent({ type: 'again', path: 'x' })
  actions.onEvent({ type: 'again', path: 'y' })
  actions.onEvent({ type: 'action', action: download('y'), result: 'done' })
  expect(actions.facts).toMatchObject([
    { path: 'x', action: 'upload', result: 'done' },
    { path: 'z', action: 'download', result: 'failed' },
    { path: 'y', action: 'download', result: 'done' },
  ])
})

test('an upload of which the store tells no time was begun at none', () => {
  const { begun } = unfinishedUploadFacts({ key: 'x', token: {}, ours: false })
  expect(begun).toBeNull()
})

test('what came to a new place while its old one stays is no move', () => {
  const actions = new ActionsDone()
  const uploaded = upload('new')
  const removal = removeRemote('old')
  const moved = { ...uploaded, moved: removal.remote }
  actions.onEvent({ type: 'action', action: moved, result: 'done' })
  expect(actions.facts).toMatchObject([{ path: 'new', action: 'move', from: 'old' }])
  const second = { ...removal, after: 'new', move: true } as const
  actions.onEvent({ type: 'action', action: second, result: 'skipped' })
  expect(actions.facts).toEqual([actionFacts(uploaded, 'done'), actionFacts(removal, 'skipped')])
})
