import { conformance } from '@lsync/conformance'
import type { ProbeReport } from '@lsync/core/provider'
import { type FaultyS3, type FaultyS3Options, startFaultyS3 } from '@lsync/servers'
import { afterAll, expect, test } from 'vitest'
import s3 from '../src/index.ts'
import { refusesChecksums, refusesConditions, refusesRemovals } from './refusals.ts'

const HABITS: readonly (readonly [string, FaultyS3Options, object])[] = [
  [
    'faulty S3',
    {},
    { guarantees: { replace: 'atomic' }, listsFolders: true, traits: { order: 'bytes' } },
  ],
  [
    'faulty S3 without conditional DELETE',
    { conditionalDelete: false },
    { guarantees: { remove: 'leased' } },
  ],
  [
    'faulty S3 like the gateway of Ceph',
    { quotedConditions: false, conditionalDelete: false, conditionalComplete: false },
    { guarantees: { replace: 'atomic', remove: 'leased' }, traits: { conditions: 'bare' } },
  ],
  [
    'faulty S3 like SeaweedFS',
    { byteOrder: false, folderObjects: false },
    { listsFolders: false, traits: { order: 'other' } },
  ],
  [
    'faulty S3 whose folders take no content',
    { folderContent: false, conditionalDelete: false },
    { listsFolders: true, guarantees: { remove: 'leased' } },
  ],
  [
    'faulty S3 like Garage',
    { conditionalWrite: false, conditionalDelete: false },
    {
      guarantees: {
        create: 'checked',
        replace: 'checked',
        remove: 'checked',
        commit: 'checked',
        copy: 'none',
      },
    },
  ],
  [
    'faulty S3 that looks at a condition before it writes, like S3Mock',
    { oneStep: false },
    {
      guarantees: {
        create: 'checked',
        replace: 'checked',
        remove: 'checked',
        commit: 'checked',
        copy: 'none',
      },
      traits: { steps: 'two' },
      findings: expect.arrayContaining([
        expect.objectContaining({
          check: 'conditional-writes',
          ok: false,
          message: expect.stringContaining('not in one step'),
        }),
        expect.objectContaining({ check: 'conditional-removes', ok: false }),
      ]),
    },
  ],
  [
    'faulty S3 like Alibaba OSS',
    { faults: [refusesConditions], conditionalDelete: false },
    {
      guarantees: {
        create: 'checked',
        replace: 'checked',
        remove: 'checked',
        commit: 'checked',
        copy: 'none',
      },
      traits: { refused: 'if-none-match if-match delete-if-match' },
    },
  ],
  [
    'faulty S3 that refuses conditions of removals, and passes others over',
    { faults: [refusesRemovals], conditionalWrite: false },
    {
      guarantees: { replace: 'checked', remove: 'checked' },
      traits: { refused: 'delete-if-match' },
    },
  ],
  [
    'faulty S3 like Backblaze B2',
    { faults: [refusesChecksums] },
    {
      guarantees: { create: 'atomic', replace: 'atomic', remove: 'leased', commit: 'atomic' },
      traits: { refused: 'checksums' },
    },
  ],
  [
    'faulty S3 like the worst of both',
    { faults: [refusesConditions, refusesChecksums], conditionalDelete: false },
    {
      guarantees: { create: 'checked', replace: 'checked', remove: 'checked' },
      traits: { refused: 'checksums if-none-match if-match delete-if-match' },
    },
  ],
  [
    'faulty S3 that locks its objects',
    { uncheckedBodies: false },
    { guarantees: { remove: 'leased', commit: 'atomic', copy: 'atomic' } },
  ],
]

/** The suite of the real servers, on the one that can be told to fail, or to behave like other ones: so that what is shown on it holds. */
for (const [name, habits, found] of HABITS) {
  const server: FaultyS3 = await startFaultyS3({ ...habits, buckets: ['faulty'] })
  afterAll(() => server.stop())
  const options = {
    signal: new AbortController().signal,
    settings: {},
    environment: server.environment,
    concurrency: 16,
  }
  const url = 's3://faulty/some/prefix'
  const probe = async (): Promise<ProbeReport> => {
    await using opened = await s3.open(url, options)
    return await opened.probe!({ signal: options.signal, scratch: 'probe/' })
  }
  const known = await probe()

  test(`${name}: the probe finds it out`, () => {
    expect(known).toMatchObject(found)
    expect(known.findings).toContainEqual(
      expect.objectContaining({ check: 'listing-order', ok: true }),
    )
  })

  test(`${name}: the probe finds out that later answers of a listing leave something out`, async () => {
    const hiding = server.inject({
      fault: { kind: 'stale-listing', hidden: (key) => key.endsWith('/a.b') },
      match: ({ operation, query }) =>
        operation === 'ListObjectsV2' && query.get('max-keys') === '2',
    })
    const { findings } = await probe()
    hiding.remove()
    expect(findings).toContainEqual(expect.objectContaining({ check: 'listing-order', ok: false }))
  })

  conformance(test, {
    name,
    open: () => s3.open(url, { ...options, known }),
    approximateWriteFingerprint: true,
  })
}
