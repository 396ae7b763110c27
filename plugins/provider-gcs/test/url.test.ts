import { describe, expect, test } from 'vitest'
import gcs from '../src/index.ts'
import { checkKey, encodeSegment } from '../src/url.ts'

const normalize = (url: string): string => gcs.normalize(url, { folder: '/' })

describe('addresses', () => {
  test.each([
    ['gs://bucket', 'gs://bucket'],
    ['gs://bucket/', 'gs://bucket'],
    ['gs://bucket/a/b//', 'gs://bucket/a/b'],
    ['gs://bucket/a#b?c=d%20é', 'gs://bucket/a#b?c=d%20é'],
    ['gs://my.bucket_1-x/p', 'gs://my.bucket_1-x/p'],
  ])('%s is %s', (url, normal) => {
    expect(normalize(url)).toBe(normal)
  })

  test.each([
    'gs://',
    'gs:///a',
    's3://bucket',
    'gs://Bucket',
    'gs://b',
    'gs://bucket/a//b',
    'gs://bucket/../a',
    'gs://bucket/a\nb',
  ])('%j makes no sense', (url) => {
    expect(() => normalize(url)).toThrowError(expect.objectContaining({ code: 'bad-remote' }))
  })

  test.each([
    ['gs://bucket', 'gs://bucket/a', true],
    ['gs://bucket/a', 'gs://bucket/a', true],
    ['gs://bucket/a/b', 'gs://bucket/a', true],
    ['gs://bucket/a', 'gs://bucket/ab', false],
    ['gs://bucket/a', 'gs://other/a', false],
  ])('%s and %s overlap: %s', (a, b, overlap) => {
    expect(gcs.overlaps(a, b)).toBe(overlap)
  })
})

describe('names', () => {
  test('are one segment of a path', () => {
    expect(encodeSegment("a/b c?d#e%é!'()*")).toBe('a%2Fb%20c%3Fd%23e%25%C3%A9%21%27%28%29%2A')
  })

  test.each(['a\nb', 'a\rb', 'a//b', './a', 'a/..', 'x\0', 'é'.repeat(511)])(
    '%j is refused as the problem of that path',
    (key) => {
      expect(() => {
        checkKey('pre/', key)
      }).toThrowError(expect.objectContaining({ code: 'bad-key', key }))
    },
  )

  test('those that Google reserves are refused', () => {
    expect(() => {
      checkKey('', '.well-known/acme-challenge/x')
    }).toThrowError(expect.objectContaining({ code: 'bad-key' }))
    checkKey('pre/', '.well-known/acme-challenge/x')
    checkKey('pre/', 'folder/')
  })
})
