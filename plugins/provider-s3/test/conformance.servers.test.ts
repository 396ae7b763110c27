import { randomUUID } from 'node:crypto'
import { conformance } from '@lsync/conformance'
import { createBucket } from '@lsync/servers'
import { test } from 'vitest'
import s3 from '../src/index.ts'

const environment = process.env
const {
  LSYNC_TEST_SERVER: name,
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ACCESS_KEY_ID: user,
  AWS_SECRET_ACCESS_KEY: secret,
} = environment
if (name === undefined || endpoint === undefined || user === undefined || secret === undefined)
  throw new Error('run this suite with: pnpm test:servers')

const bucket = `conformance-${randomUUID()}`
await createBucket(endpoint, user, secret, bucket)
const options = { signal: new AbortController().signal, settings: {}, environment, concurrency: 16 }
const url = `s3://${bucket}/some/prefix`
const first = await s3.open(url, options)
const known = await first.probe!({ signal: options.signal, scratch: 'probe/' })
await first[Symbol.asyncDispose]()

conformance(test, {
  name,
  open: () => s3.open(url, { ...options, known }),
  approximateWriteFingerprint: true,
})
