import { describe, expect, test } from 'vitest'
import { answerError, connectionError, sdkError } from '../src/errors.ts'

describe('what the store answers', () => {
  test.each([
    [404, 'NoSuchKey', 'not-found'],
    [404, 'NoSuchBucket', 'no-remote'],
    [400, 'InvalidBucketName', 'bad-remote'],
    [404, 'NoSuchUpload', 'upload-lost'],
    [404, undefined, 'not-found'],
    [412, 'PreconditionFailed', 'precondition-failed'],
    [409, 'ConditionalRequestConflict', 'busy'],
    [409, 'ObjectParentIsFile', 'key-conflict'],
    [400, 'XMinioParentIsObject', 'key-conflict'],
    [400, 'XMinioInvalidObjectName', 'bad-key'],
    [400, 'KeyTooLongError', 'bad-key'],
    [400, 'BadDigest', 'bad-digest'],
    [400, 'XAmzContentSHA256Mismatch', 'bad-digest'],
    [400, 'XAmzContentChecksumMismatch', 'bad-digest'],
    [400, 'RequestTimeout', 'network'],
    [400, 'IncompleteBody', 'network'],
    [400, 'EntityTooLarge', 'too-large'],
    [400, 'MetadataTooLarge', 'unsupported'],
    [400, 'ExpiredToken', 'unauthenticated'],
    [403, 'InvalidTokenId', 'unauthenticated'],
    [400, 'Unheard', 'refused'],
    [422, undefined, 'refused'],
    [400, undefined, 'refused'],
    [400, 'KMS.DisabledException', 'unreadable'],
    [403, 'InvalidObjectState', 'unreadable'],
    [403, 'AccessDenied', 'forbidden'],
    [403, 'SignatureDoesNotMatch', 'unauthenticated'],
    [403, 'RequestTimeTooSkewed', 'unauthenticated'],
    [403, undefined, 'forbidden'],
    [429, undefined, 'throttled'],
    [500, 'InternalError', 'server'],
    [500, 'UnknownError', 'server'],
    [501, 'NotImplemented', 'unsupported'],
    [502, undefined, 'server'],
    [503, 'SlowDown', 'throttled'],
    [503, 'SlowDownWrite', 'server'],
    [503, undefined, 'server'],
    [507, 'XMinioStorageFull', 'no-space'],
  ])('%i %s is %s', (status, code, expected) => {
    expect(answerError('k', { status, code }).code).toBe(expected)
    if (code !== undefined)
      expect(
        sdkError('k', 'host', { name: code, $metadata: { httpStatusCode: status } }).code,
      ).toBe(expected)
  })

  test('a bare 400 may be an expired token only where nothing is said at all', () => {
    const bare = { status: 400, bodiless: true }
    expect(answerError('k', bare)).toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('the credentials may have expired'),
    })
    expect(answerError('k', { ...bare, bodiless: false }).message).not.toContain('credentials')
  })

  test('a clock that is wrong is named', () => {
    expect(
      answerError('', { status: 403, code: 'RequestTimeTooSkewed', message: 'The difference…' })
        .message,
    ).toContain('clock')
  })

  test('how long to wait, in seconds or as a date', () => {
    const now = Date.UTC(2026, 0, 1)
    const wait = (retryAfter: string): number | undefined =>
      answerError('', { status: 503, retryAfter }, now).retryAfter
    expect(wait('3')).toBe(3000)
    expect(wait('Thu, 01 Jan 2026 00:00:05 GMT')).toBe(5000)
    expect(wait('Wed, 31 Dec 2025 00:00:05 GMT')).toBe(0)
    expect(wait('soon')).toBeUndefined()
  })

  test('an answer of the SDK without a status is no answer', () => {
    expect(sdkError('k', 'host', Object.assign(new Error('x'), { code: 'ECONNRESET' })).code).toBe(
      'network',
    )
    expect(
      sdkError('k', 'host', { name: 'InternalError', $metadata: { httpStatusCode: 200 } }).code,
    ).toBe('server')
  })
})

describe('no answer', () => {
  test('names the host, and what is the matter', () => {
    const error = connectionError(
      'k',
      'host:9',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    )
    expect(error).toMatchObject({
      code: 'network',
      key: 'k',
      message: 'no answer from host:9: nothing listens there',
    })
  })

  test('a limit of open connections is told with the way around it', () => {
    const failure = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' })
    expect(connectionError('k', 'host:9', failure).message).toMatch(/ulimit -n.*--jobs/)
  })

  test('http that is taken for https is named', () => {
    const error = connectionError(
      '',
      'host:9',
      Object.assign(new Error('0A00010B:SSL routines'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    )
    expect(error).toMatchObject({
      code: 'network',
      message: 'no answer from host:9: it does not speak https: is http:// meant?',
    })
  })

  test('a certificate of another host is that of a network which wants a login, or of a wrong endpoint', () => {
    const error = connectionError(
      '',
      'host',
      Object.assign(new Error('Host: host. is not in the names'), {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      }),
    )
    expect(error.code).toBe('network')
    expect(error.message).toContain('does this network want a login first')
    expect(error.message).not.toContain('AWS_CA_BUNDLE')
  })

  test('a certificate that is not trusted will not be so in a second', () => {
    const error = connectionError(
      '',
      'host',
      Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    )
    expect(error.code).toBe('bad-remote')
    expect(error.message).toContain('AWS_CA_BUNDLE')
  })
})
