import { bytesSource, type ProbeReport } from '@lsync/core/provider'
import { startFaultyGcs } from '@lsync/servers'
import { expect, test } from 'vitest'
import gcs from '../src/index.ts'
import { knownHere } from '../src/known.ts'
import { ABSENT, NOTHING, signal } from './store.ts'

/** As a probe of Google's own service has it. */
const GOOGLE: ProbeReport = {
  guarantees: {
    create: 'atomic',
    replace: 'atomic',
    remove: 'atomic',
    commit: 'atomic',
    copy: 'atomic',
  },
  listsFolders: true,
  versioning: true,
  traits: { host: 'storage.googleapis.com' },
  findings: [],
}
const { traits: _, ...unnamed } = GOOGLE

test('a report that names no host is believed at Google’s own address alone', () => {
  const notices: string[] = []
  const believed = (host: string, isGoogle: boolean, known: ProbeReport) =>
    knownHere({ host, isGoogle }, { known, onNotice: (message) => notices.push(message) })
  const host = 'storage.googleapis.com'
  expect(believed(host, true, unnamed)).toBe(unnamed)
  expect(believed(host, true, GOOGLE)).toBe(GOOGLE)
  expect(notices).toEqual([])
  expect(believed('localhost:4443', false, unnamed)).toBeUndefined()
  expect(believed('storage.example', false, GOOGLE)).toBeUndefined()
  expect(believed('storage.europe-west3.rep.googleapis.com', true, GOOGLE)).toBeUndefined()
  expect(notices).toHaveLength(3)
})

test.each([
  ['of another host', GOOGLE],
  ['of nobody knows where', unnamed],
])('by a report %s nothing is relied on, and nothing is lost', async (_name, known) => {
  const server = await startFaultyGcs({
    conditionalDelete: false,
    buckets: ['bucket'],
    versioning: true,
  })
  const options = {
    signal,
    settings: {},
    environment: server.environment,
    concurrency: 4,
  }
  const notices: string[] = []
  try {
    await using provider = await gcs.open('gs://bucket', {
      ...options,
      known,
      onNotice: (message) => notices.push(message),
    })
    expect(notices).toEqual([expect.stringContaining('lsync doctor')])
    expect(provider).toMatchObject({
      guarantees: {
        create: 'checked',
        replace: 'checked',
        remove: 'checked',
        commit: 'none',
        copy: 'none',
      },
      listsFolders: false,
    })
    for (const ability of ['history', 'copy', 'uploads'])
      expect(provider).not.toHaveProperty(ability)

    const write = (text: string, expected: typeof ABSENT) =>
      provider.write('key', bytesSource(Buffer.from(text)), {
        signal,
        expect: expected,
        metadata: NOTHING,
      })
    const { version } = await write('one', ABSENT)
    const second = await write('two', { kind: 'version', version })
    await expect(provider.remove('key', { signal, expect: version })).rejects.toMatchObject({
      code: 'precondition-failed',
    })
    expect(await provider.head('key', { signal })).toMatchObject({ version: second.version })

    const report = await provider.probe!({ signal, scratch: 'probe/' })
    notices.length = 0
    await using examined = await gcs.open('gs://bucket', {
      ...options,
      known: report,
      onNotice: (message) => notices.push(message),
    })
    expect(notices).toEqual([])
    expect(examined).toMatchObject({
      guarantees: { create: 'atomic', replace: 'atomic', remove: 'checked', commit: 'atomic' },
      listsFolders: true,
    })
    expect(examined).toHaveProperty('history')
  } finally {
    await server.stop()
  }
})
