import { randomUUID } from 'node:crypto'
import { test } from 'vitest'
import { createBucket } from '../../../servers/src/index.ts'
import { PAGES, runPage } from './guide.ts'

const {
  AWS_ENDPOINT_URL_S3: endpoint = '',
  AWS_ACCESS_KEY_ID: user = '',
  AWS_SECRET_ACCESS_KEY: secret = '',
} = process.env

test.each(PAGES)('the guide does what it says in a bucket, too: %s', async (page) => {
  const bucket = `guide-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  runPage(page, { remotes: `s3://${bucket}/`, scheme: 's3', environment: {} })
})
