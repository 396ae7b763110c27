import { describe, expect, test } from 'vitest'
import { endpointOf, isAmazon, serviceOf } from '../src/endpoint.ts'
import { encryptionHeaders, storeSettings, writeHeaders } from '../src/settings.ts'

const place = { bucket: 'bucket', prefix: '' }

async function endpoint(
  settings: Record<string, string>,
  environment: Record<string, string> = {},
  bucket = 'bucket',
) {
  const at = { ...place, bucket }
  return endpointOf(await serviceOf({ settings, environment }, at), at)
}

describe('where requests go', () => {
  test('to Amazon, with the bucket in the name of the host', async () => {
    expect(await endpoint({ region: 'eu-west-1' })).toEqual({
      origin: 'https://bucket.s3.eu-west-1.amazonaws.com',
      host: 'bucket.s3.eu-west-1.amazonaws.com',
      base: '',
      region: 'eu-west-1',
    })
    expect((await endpoint({ region: 'cn-north-1' })).host).toBe(
      'bucket.s3.cn-north-1.amazonaws.com.cn',
    )
    expect(
      (await endpoint({}, { AWS_REGION: 'us-gov-west-1', AWS_USE_FIPS_ENDPOINT: 'true' })).host,
    ).toBe('bucket.s3-fips.us-gov-west-1.amazonaws.com')
  })

  test('a bucket with dots is in the path: no certificate would match', async () => {
    expect(await endpoint({}, {}, 'my.bucket')).toMatchObject({
      host: 's3.us-east-1.amazonaws.com',
      base: '/my.bucket',
    })
  })

  test('to another server, with the bucket in the path, unless told otherwise', async () => {
    const AWS_ENDPOINT_URL = 'http://127.0.0.1:9000/base/'
    expect(await endpoint({}, { AWS_ENDPOINT_URL })).toMatchObject({
      origin: 'http://127.0.0.1:9000',
      host: '127.0.0.1:9000',
      base: '/base/bucket',
    })
    expect(await endpoint({ 'path-style': 'false' }, { AWS_ENDPOINT_URL })).toMatchObject({
      origin: 'http://bucket.127.0.0.1:9000',
      base: '/base',
    })
  })

  test('configuration stands above the environment, S3 above the rest, and an empty variable is none', async () => {
    const environment = { AWS_ENDPOINT_URL_S3: 'http://s3', AWS_ENDPOINT_URL: 'http://all' }
    expect((await endpoint({ endpoint: 'http://configured' }, environment)).host).toBe('configured')
    expect((await endpoint({}, environment)).host).toBe('s3')
    expect((await endpoint({}, { ...environment, AWS_ENDPOINT_URL_S3: '' })).host).toBe('all')
    expect(
      (await endpoint({}, { ...environment, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).host,
    ).toMatch(/amazonaws/)
  })

  test.each([
    { endpoint: 'localhost' },
    { endpoint: 'ftp://host' },
    { endpoint: 'https://user:geheim@host' },
    { endpoint: 'user:geheim@host' },
    { 'path-style': 'yes' },
  ])('%j is refused, without repeating a password', async (settings) => {
    const failure = await endpoint(settings as Record<string, string>).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'bad-remote' })
    expect(String(failure)).not.toContain('geheim')
  })
})

test.each([
  ['s3.amazonaws.com', true],
  ['s3-external-1.amazonaws.com', true],
  ['s3.eu-west-1.amazonaws.com', true],
  ['s3-eu-west-1.amazonaws.com', true],
  ['s3.cn-north-1.amazonaws.com.cn', true],
  ['s3.dualstack.ap-southeast-2.amazonaws.com', true],
  ['s3-fips.us-gov-west-1.amazonaws.com', true],
  ['s3-fips.dualstack.us-east-1.amazonaws.com', true],
  ['bucket.s3.eu-west-1.amazonaws.com', true],
  ['s3-accelerate.amazonaws.com', true],
  ['bucket.s3-accelerate.dualstack.amazonaws.com', true],
  ['name-123456789012.s3-accesspoint.eu-west-1.amazonaws.com', true],
  ['name-123456789012.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com', true],
  ['bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com', true],
  ['accesspoint.vpce-1.s3.us-gov-east-1.vpce.amazonaws.com', true],
  // What runs on a machine of Amazon's, or behind a load balancer, may be any store: whoever made it may name it as they like.
  ['ec2-203-0-113-25.eu-west-1.compute.amazonaws.com:9000', false],
  ['ec2-203-0-113-25.compute-1.amazonaws.com', false],
  ['x.elb.amazonaws.com', false],
  ['s3-1234567890.eu-west-1.elb.amazonaws.com', false],
  ['s3-1234567890abcdef.elb.eu-west-1.amazonaws.com', false],
  ['dualstack.s3-1234567890.eu-west-1.elb.amazonaws.com', false],
  ['abc123.execute-api.eu-west-1.amazonaws.com', false],
  ['vpce-1.vpce-svc-2.eu-west-1.vpce.amazonaws.com', false],
  // These speak another protocol, or keep something else.
  ['name-123456789012.op-1.s3-outposts.eu-west-1.amazonaws.com', false],
  ['name-123456789012.s3-object-lambda.eu-west-1.amazonaws.com', false],
  ['s3-website-eu-west-1.amazonaws.com', false],
  ['bucket.s3-website.eu-central-1.amazonaws.com', false],
  ['s3express-use1-az4.us-east-1.amazonaws.com', false],
  ['127.0.0.1:9000', false],
  ['s3.amazonaws.com.example.org', false],
  ['s3.notamazonaws.com', false],
  ['nots3.amazonaws.com', false],
  ['amazonaws.com', false],
])('%s is S3 of Amazon: %s', async (host, expected) => {
  const settings = { endpoint: `https://${host}` }
  expect(isAmazon(await serviceOf({ settings, environment: {} }, place))).toBe(expected)
})

test.each([
  {},
  { AWS_REGION: 'cn-north-1' },
  { AWS_REGION: 'us-gov-west-1', AWS_USE_FIPS_ENDPOINT: 'true' },
  { AWS_REGION: 'ap-southeast-1', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
  { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
] as Record<string, string>[])(
  'the address that is made of %j is S3 of Amazon',
  async (environment) => {
    expect(isAmazon(await serviceOf({ settings: {}, environment }, place))).toBe(true)
  },
)

describe('how objects are stored', () => {
  test('becomes headers', () => {
    const store = storeSettings({
      'storage-class': 'STANDARD_IA',
      encryption: 'aws:kms',
      'encryption-key': 'k',
    })
    expect(writeHeaders(store)).toEqual({
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'k',
    })
    // A tombstone in a class with a minimal duration would cost.
    expect(encryptionHeaders(store)).not.toHaveProperty('x-amz-storage-class')
  })

  test.each([
    { encryption: 'aes' },
    { 'encryption-key': 'k' },
    { encryption: 'AES256', 'encryption-key': 'k' },
  ])('%j is refused', (settings) => {
    expect(() => storeSettings(settings as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'bad-remote' }),
    )
  })
})
