import { conformance } from '@lsync/conformance'
import { type FaultyGcs, startFaultyGcs } from '@lsync/servers'
import { afterAll, describe, expect, test } from 'vitest'
import gcs from '../src/index.ts'

/** As Google's service, with a bucket that keeps earlier versions; and as an emulator that passes conditions over, and does not say which generation it sends. */
for (const honours of [true, false]) {
  const server: FaultyGcs = await startFaultyGcs({
    conditionalDelete: honours,
    conditionalRewrite: honours,
    generationHeaders: honours,
    buckets: ['faulty'],
    versioning: honours,
  })
  afterAll(() => server.stop())
  const options = {
    signal: new AbortController().signal,
    settings: {},
    environment: server.environment,
    concurrency: 16,
  }
  const url = 'gs://faulty/some/prefix'
  const first = await gcs.open(url, options)
  const known = await first.probe!({ signal: options.signal, scratch: 'probe/' })
  await first[Symbol.asyncDispose]()
  const name = honours ? 'faulty GCS' : 'faulty GCS that honours less'
  conformance(test, { name, open: () => gcs.open(url, { ...options, known }) })

  describe(name, () => {
    test('the probe says what it honours', () => {
      const atomic = honours ? 'atomic' : 'checked'
      expect(known).toMatchObject({
        guarantees: {
          create: 'atomic',
          replace: 'atomic',
          remove: atomic,
          commit: 'atomic',
          copy: honours ? 'atomic' : 'none',
        },
        listsFolders: true,
        versioning: honours,
      })
      const findings = new Map(known.findings.map(({ check, ok }) => [check, ok]))
      expect(findings.get('conditional-removes')).toBe(honours)
      expect(findings.get('checksums')).toBe(true)
    })
  })
}
