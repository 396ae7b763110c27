import type { ProbeReport } from '@lsync/core/provider'
import { expect, test } from 'vitest'
import { knownAt } from '../src/index.ts'

const report: ProbeReport = {
  guarantees: {
    create: 'atomic',
    replace: 'atomic',
    remove: 'atomic',
    commit: 'atomic',
    copy: 'atomic',
  },
  listsFolders: true,
  findings: [],
}

function asked(known?: ProbeReport) {
  const notices: string[] = []
  const found = knownAt('store.example:9000', {
    ...(known === undefined ? {} : { known }),
    onNotice: (message) => notices.push(message),
  })
  return { found, notices }
}

test('what was found out at this host is known', () => {
  const known = { ...report, traits: { host: 'store.example:9000', order: 'bytes' } }
  expect(asked(known)).toEqual({ found: known, notices: [] })
})

test('where nothing was found out there is nothing to say', () => {
  expect(asked()).toEqual({ found: undefined, notices: [] })
})

test.each([
  ['store.example', { host: 'store.example' }],
  ['not noted', { order: 'bytes' }],
  ['not noted', undefined],
])('what was found out elsewhere is not, and that is said: %s', (named, traits) => {
  const { found, notices } = asked({ ...report, ...(traits === undefined ? {} : { traits }) })
  expect(found).toBeUndefined()
  expect(notices).toEqual([expect.stringMatching(/store\.example:9000 now: .*lsync doctor/)])
  expect(notices[0]).toContain(named)
})
