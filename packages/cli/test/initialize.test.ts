import { expect, test } from 'vitest'
import { remoteAddress } from '../src/initialize.ts'

test.each([
  ['my_bucket', 's3://my_bucket'],
  ['my-bucket/photos', 's3://my-bucket/photos'],
  ['taken', undefined],
  ['s3://bucket/a#b?c', 's3://bucket/a#b?c'],
  ['S3://Bucket', 's3://Bucket'],
  ['gs://bucket', 'gs://bucket'],
  ['file:///mnt/x', 'file:///mnt/x'],
  ['file:./taken', 'file:///here/taken'],
  ['file:../x', 'file:///x'],
  ['./taken', 'file:///here/taken'],
  ['..', 'file:///'],
  ['/mnt/x', 'file:///mnt/x'],
  ['.hidden', 's3://.hidden'],
])('%s means %s', (remote, address) => {
  expect(remoteAddress(remote, '/here', (path) => path === '/here/taken')).toBe(address)
})
