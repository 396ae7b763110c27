import { conformance } from '@lsync/conformance'
import { isStorageError } from '@lsync/core/provider'
import { expect, test } from 'vitest'
import s3 from '../src/index.ts'
import { meddled, newBucket, server, signal } from './server.ts'

const bucket = await newBucket()
const requester = await meddled(bucket, (_, send) => send())
const ENABLED = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
/** versitygw keeps versions only where it was started with a folder for them; it says so. */
const offered = await requester
  .sendOnly({
    method: 'PUT',
    query: { versioning: '' },
    body: Buffer.from(ENABLED),
    length: ENABLED.length,
    signal,
  })
  .then(
    () => true,
    (error: unknown) => {
      if (isStorageError(error) && server.name === 'versitygw') return false
      throw error
    },
  )

if (offered) {
  const options = { signal, settings: {}, environment: server.environment, concurrency: 8 }
  const url = `s3://${bucket}/some/prefix`
  const first = await s3.open(url, options)
  const known = await first.probe!({ signal, scratch: 'probe/' })
  await first[Symbol.asyncDispose]()

  conformance(test, {
    name: `${server.name} with versions`,
    open: () => s3.open(url, { ...options, known }),
    approximateWriteFingerprint: true,
  })
  test('a probe sees that the bucket keeps versions', async () => {
    expect(known.versioning).toBe(true)
  })
} else
  test('a bucket without versions offers no history', async () => {
    const options = { signal, settings: {}, environment: server.environment, concurrency: 8 }
    await using provider = await s3.open(`s3://${bucket}/some/prefix`, options)
    expect(provider.history).toBeUndefined()
  })
