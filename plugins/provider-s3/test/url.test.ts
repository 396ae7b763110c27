import { isStorageError } from '@lsync/core/provider'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'
import { checkKey, encodePath, encodeQuery, parseUrl } from '../src/url.ts'

const base = { folder: '/' }

describe('the address of a remote', () => {
  test.each([
    ['s3://bucket', 's3://bucket'],
    ['s3://bucket/', 's3://bucket'],
    ['s3://bucket/a/b/', 's3://bucket/a/b'],
    ['s3://bucket/what? #1 +%20', 's3://bucket/what? #1 +%20'],
    ['s3://my.bucket-1/日本', 's3://my.bucket-1/日本'],
  ])('%s is %s', (url, normal) => {
    expect(s3.normalize(url, base)).toBe(normal)
    expect(s3.normalize(normal, base)).toBe(normal)
  })

  test.each([
    's3://',
    's3:///a',
    's3://b',
    's3://bu cket',
    's3://user:secret@bucket',
    's3://bucket//a',
    's3://bucket/a//b',
    's3://bucket/../b',
    's3://bucket/./b',
    's3://bucket/a\0b',
    's3://bucket--use1-az4--x-s3',
    'gs://bucket',
  ])('%s is refused', (url) => {
    expect(() => s3.normalize(url, base)).toThrow(expect.objectContaining({ code: 'bad-remote' }))
  })

  test('a password in it is not repeated', () => {
    expect(() => s3.normalize('s3://user:secret@bucket', base)).toThrow(/^(?!.*secret)/)
  })

  test('overlap is the same place, or one within the other', () => {
    expect(s3.overlaps('s3://bucket', 's3://bucket/a')).toBe(true)
    expect(s3.overlaps('s3://bucket/a', 's3://bucket/a')).toBe(true)
    expect(s3.overlaps('s3://bucket/a/b', 's3://bucket/a')).toBe(true)
    expect(s3.overlaps('s3://bucket/a', 's3://bucket/ab')).toBe(false)
    expect(s3.overlaps('s3://bucket/a', 's3://other/a')).toBe(false)
  })

  test('the prefix ends in a slash, or is nothing', () => {
    expect(parseUrl('s3://bucket/a/b')).toEqual({ bucket: 'bucket', prefix: 'a/b/' })
    expect(parseUrl('s3://bucket')).toEqual({ bucket: 'bucket', prefix: '' })
  })
})

describe('keys in requests', () => {
  test('all but the unreserved characters are encoded, and slashes stay', () => {
    expect(encodePath("a/b c+d%e#f?g~h!i'j(k)l*m&n=o;p:q@r$s,t\nu")).toBe(
      'a/b%20c%2Bd%25e%23f%3Fg~h%21i%27j%28k%29l%2Am%26n%3Do%3Bp%3Aq%40r%24s%2Ct%0Au',
    )
    expect(encodePath('é/日/\u{1F600}')).toBe('%C3%A9/%E6%97%A5/%F0%9F%98%80')
  })

  test('any text comes back from its encoding, which is ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        const encoded = encodePath(key)
        expect(encoded).toMatch(/^[A-Za-z0-9_.~/%-]*$/)
        expect(decodeURIComponent(encoded)).toBe(key)
      }),
    )
  })

  test('queries are sorted, and slashes in them encoded', () => {
    expect(encodeQuery({ prefix: 'a/b c', 'list-type': '2', uploads: '' })).toBe(
      'list-type=2&prefix=a%2Fb%20c&uploads',
    )
  })

  test.each(['', '/a', 'a//b', './a', 'a/..', 'a\0b', 'a/'.repeat(513)])(
    'the key %j is refused',
    (key) => {
      expect(() => checkKey('prefix/', key)).toThrow(expect.objectContaining({ code: 'bad-key' }))
    },
  )

  test.each(['a', 'a/', 'a/...', '..a/b', ' ', '\n', 'é'.repeat(500)])(
    'the key %j may be written',
    (key) => {
      expect(() => {
        checkKey('prefix/', key)
      }).not.toThrow()
    },
  )
})

test('what is thrown is known to core', () => {
  try {
    parseUrl('s3://')
    expect.unreachable()
  } catch (error) {
    expect(isStorageError(error)).toBe(true)
  }
})
