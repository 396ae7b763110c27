import aws4 from 'aws4'
import { describe, expect, test } from 'vitest'
import { Signer, type Unsigned } from '../src/sign.ts'
import { encodePath, encodeQuery } from '../src/url.ts'

const NOW = new Date('2026-02-03T04:05:06.789Z')
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPx' }
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const base: Unsigned = {
  method: 'GET',
  host: 'bucket.s3.eu-central-1.amazonaws.com',
  path: '/',
  sha256: SHA256,
}

const REQUESTS: readonly (readonly [what: string, request: Unsigned, token: string | undefined])[] =
  [
    ['nothing but a host', base, undefined],
    ['a session token', base, 'FwoGZXIvYXdzE//////'],
    [
      'a key of many letters',
      { ...base, path: `/${encodePath("a b+c/ü/~!'()*,;=@&?#%/日本")}` },
      undefined,
    ],
    [
      'a query, with values that are empty and strange',
      {
        ...base,
        query: { 'list-type': '2', prefix: 'a b/+ü&=?', uploads: '', 'start-after': "x!'()*" },
      },
      undefined,
    ],
    [
      'a body, a condition and metadata with blanks',
      {
        ...base,
        method: 'PUT',
        path: '/x',
        length: 12,
        headers: {
          'if-none-match': '*',
          'x-amz-meta-mtime': '1.5',
          'x-amz-meta-author': 'a  b   c',
          'content-type': 'text/plain',
          'x-amz-meta-author-x': '=?UTF-8?B?w7w=?=',
        },
        sha256: 'UNSIGNED-PAYLOAD',
      },
      undefined,
    ],
    [
      'a range, which is not signed',
      { ...base, headers: { range: 'bytes=0-1', 'if-match': '"x"' } },
      undefined,
    ],
  ]

describe('a signature', () => {
  test.each(REQUESTS)('of %s is that of aws4', (_, request, sessionToken) => {
    const credentials = sessionToken === undefined ? CREDENTIALS : { ...CREDENTIALS, sessionToken }
    const ours = pairs(new Signer('eu-central-1').sign(request, credentials, NOW))
    const { method, host, path, query, headers, length, sha256 } = request
    const theirs = aws4.sign(
      {
        service: 's3',
        region: 'eu-central-1',
        method,
        host,
        path: query === undefined ? path : `${path}?${encodeQuery(query)}`,
        headers: {
          ...headers,
          'x-amz-content-sha256': sha256,
          'x-amz-date': '20260203T040506Z',
          ...(length === undefined ? {} : { 'content-length': length }),
        },
      },
      credentials,
    )
    expect(ours['authorization']).toBe(theirs.headers?.['Authorization'])
    expect(ours['x-amz-security-token']).toBe(sessionToken)
    expect(ours).toMatchObject(headers ?? {})
  })

  test('of another day, or by another key, is made anew', () => {
    const signer = new Signer('us-east-1')
    const signature = (credentials: typeof CREDENTIALS, now: Date): string | undefined =>
      pairs(signer.sign(base, credentials, now))['authorization']
    const later = new Date('2026-02-04T04:05:06.789Z')
    const other = { ...CREDENTIALS, secretAccessKey: 'other' }
    const all = [
      signature(CREDENTIALS, NOW),
      signature(CREDENTIALS, later),
      signature(other, later),
      signature(other, NOW),
    ]
    expect(new Set(all).size).toBe(4)
    expect(signature(CREDENTIALS, NOW)).toBe(all[0])
  })
})

function pairs(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, index) => [flat[index * 2], flat[index * 2 + 1]]),
  )
}
