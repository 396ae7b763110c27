import { conformance } from '@lsync/conformance'
import { type FaultyS3, startFaultyS3 } from '@lsync/servers'
import { afterAll, test } from 'vitest'
import s3 from '../src/index.ts'

/** The suite of the real servers, on the one that can be told to fail: so that what is shown on it holds. */
for (const conditionalDelete of [true, false]) {
  const server: FaultyS3 = await startFaultyS3({ conditionalDelete, buckets: ['faulty'] })
  afterAll(() => server.stop())
  const options = {
    signal: new AbortController().signal,
    settings: {},
    environment: {
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_REGION: 'us-east-1',
    },
    concurrency: 16,
  }
  const url = 's3://faulty/some/prefix'
  const first = await s3.open(url, options)
  const known = await first.probe!({ signal: options.signal, scratch: 'probe/' })
  await first[Symbol.asyncDispose]()
  conformance(test, {
    name: conditionalDelete ? 'faulty S3' : 'faulty S3 without conditional DELETE',
    open: () => s3.open(url, { ...options, known }),
    approximateWriteFingerprint: true,
  })
}
