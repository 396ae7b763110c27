import { describe, expect, test } from 'vitest'
import { answerError, connectionError } from '../src/errors.ts'

const document = (message: string, reason?: string): string =>
  JSON.stringify({ error: { message, errors: [{ message, reason }] } })

describe('answers', () => {
  test.each([
    [401, document('Invalid Credentials', 'authError'), 'unauthenticated'],
    [403, document('ann does not have access', 'forbidden'), 'forbidden'],
    [403, document('slower', 'userRateLimitExceeded'), 'throttled'],
    [404, document('No such object: bucket/a', 'notFound'), 'not-found'],
    [404, document('The specified bucket does not exist.', 'notFound'), 'no-remote'],
    [404, document('No such object: b/The specified bucket does not exist.'), 'not-found'],
    [408, '', 'network'],
    [409, document('conflict', 'conflict'), 'busy'],
    [410, 'Gone', 'upload-lost'],
    [499, '', 'upload-lost'],
    [
      412,
      document('At least one of the pre-conditions…', 'conditionNotMet'),
      'precondition-failed',
    ],
    [412, document('ifGenerationMatch validation failed.'), 'precondition-failed'],
    [412, document('crc32c validation failed. Expected = 1'), 'bad-digest'],
    [400, document('Provided CRC32C "a" doesn\'t match calculated CRC32C "b".'), 'bad-digest'],
    [400, document('Bucket is a requester pays bucket', 'userProjectMissing'), 'bad-remote'],
    [400, 'Failed to parse Content-Range header.', 'refused'],
    [413, '<html>too large</html>', 'too-large'],
    [429, '', 'throttled'],
    [500, document('Backend Error', 'internalError'), 'server'],
    [502, '<html>bad gateway</html>', 'server'],
    [503, document('Backend Error', 'backendError'), 'server'],
    [501, '', 'unsupported'],
    [418, '', 'refused'],
  ])('%i %s is %s', (status, text, code) => {
    expect(answerError('key', { status, text })).toMatchObject({ code, key: 'key' })
  })

  test('keep the name of an object out of what they mean', () => {
    const text = document('No such object: bucket/crc32c md5.txt')
    expect(answerError('crc32c md5.txt', { status: 404, text })).toMatchObject({
      code: 'not-found',
    })
  })

  test('say how long to wait', () => {
    const wait = (retryAfter: string): number | undefined =>
      answerError('', { status: 429, text: '', retryAfter }, Date.parse('2026-01-01T00:00:00Z'))
        .retryAfter
    expect(wait('3')).toBe(3000)
    expect(wait('Thu, 01 Jan 2026 00:00:05 GMT')).toBe(5000)
    expect(wait('soon')).toBeUndefined()
  })

  test('a document within a document is read, as the test bench writes it', () => {
    const inner = JSON.stringify({ error: { errors: [{ message: 'Bucket b does not exist.' }] } })
    const text = JSON.stringify({ error: { code: 404, message: inner } })
    expect(answerError('', { status: 404, text })).toMatchObject({
      code: 'no-remote',
      message: 'Bucket b does not exist.',
    })
  })
})

test('failures without an answer say what it was', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  expect(connectionError('a', 'host', refused)).toMatchObject({
    code: 'network',
    message: 'no answer from host: nothing listens there',
  })
  const untrusted = Object.assign(new Error('self-signed'), {
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  })
  expect(connectionError('', 'host', untrusted)).toMatchObject({ code: 'bad-remote' })
})
