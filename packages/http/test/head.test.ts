import { describe, expect, test } from 'vitest'
import { parseHead, requestHead } from '../src/head.ts'

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines].join('\r\n')

describe('the head of an answer', () => {
  test('is its status, its headers, and how its body ends', () => {
    expect(parseHead(head('ETag: "x"', 'Content-Length:  12  ', 'X-Empty:'), 'GET')).toEqual({
      status: 200,
      headers: { etag: '"x"', 'content-length': '12', 'x-empty': '' },
      framing: { length: 12 },
      keepsAlive: true,
      idle: undefined,
    })
    expect(parseHead(head('Transfer-Encoding: Chunked'), 'GET').framing).toBe('chunked')
    expect(parseHead(head(), 'GET')).toMatchObject({ framing: 'until-close', keepsAlive: false })
    expect(parseHead('HTTP/1.1 503', 'GET').status).toBe(503)
  })

  test('its values are without the blanks around them, and keep all their bytes', () => {
    const { headers } = parseHead(head('a: \t b c \t', 'b:\xc3\xa0', 'c: \t '), 'GET')
    expect(headers).toEqual({ a: 'b c', b: '\xc3\xa0', c: '' })
  })

  test('a name that stands twice has a list of values', () => {
    const { headers } = parseHead(head('a: 1', 'A: 2', 'a:3', '__proto__: x', 'toString: y'), 'GET')
    expect(headers['a']).toEqual(['1', '2', '3'])
    expect(headers['tostring']).toBe('y')
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype)
  })

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 5'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5'],
    ['DELETE', 'HTTP/1.1 204 No Content'],
  ])('of %s, %j, has no body behind it', (method, text) => {
    expect(parseHead(text, method)).toMatchObject({ framing: { length: 0 }, keepsAlive: true })
  })

  test.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\nConnection: foo, Close', false, undefined],
    ['HTTP/1.0 200 OK\r\ncontent-length: 1', false, undefined],
    ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\nKeep-Alive: timeout=5, max=100', true, 5000],
  ])('%j: its connection may be used again: %s', (text, keepsAlive, idle) => {
    expect(parseHead(text, 'GET')).toMatchObject({ keepsAlive, idle })
  })

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2'],
    ['no status', 'HTTP/1.1 OK'],
    ['a status that is none', 'HTTP/1.1 099 x'],
    ['two lengths', head('content-length: 1', 'content-length: 2')],
    ['two lengths of two kinds', head('content-length: 1', 'transfer-encoding: chunked')],
    ['a negative length', head('content-length: -1')],
    ['a length with a sign', head('content-length: +1')],
    ['a length in hex', head('content-length: 0x1')],
    ['an encoding that is not known', head('transfer-encoding: gzip')],
    ['a line without a colon', head('nothing')],
    ['a name with a blank', head('content-length : 1')],
    ['a folded line', head('a: 1', ' 2')],
    ['a line that ends in another way', head('a: 1\nb: 2')],
    ['a zero', head('a: 1\0')],
    ['headers without number', head(...Array.from({ length: 600 }, () => 'a: 1'))],
  ])('with %s is refused', (_, text) => {
    expect(() => parseHead(text, 'GET')).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }))
  })
})

describe('the head of a request', () => {
  const of = (method: string, headers: string[], body: Uint8Array | object | null = null): string =>
    requestHead({ method, path: '/a', headers, body }, 'host:1').head
  const abc = Buffer.from('abc')

  test('has a host and a length', () => {
    expect(of('GET', [])).toBe('GET /a HTTP/1.1\r\nhost: host:1\r\n\r\n')
    expect(of('PUT', [])).toBe('PUT /a HTTP/1.1\r\nhost: host:1\r\ncontent-length: 0\r\n\r\n')
    expect(of('PUT', [], abc)).toBe('PUT /a HTTP/1.1\r\nhost: host:1\r\ncontent-length: 3\r\n\r\n')
    expect(of('PUT', ['host', 'h', 'content-length', '3'], abc)).toBe(
      'PUT /a HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\n',
    )
  })

  const stream = {}
  test.each([
    ['a path with a line in it', '/a\r\nx: y', [], null],
    ['a path with a blank', '/a b', [], null],
    ['a value with a line in it', '/', ['a', 'b\r\nc: d'], null],
    ['a value that no byte holds', '/', ['a', '€'], null],
    ['a name that is none', '/', ['a b', 'c'], null],
    ['a name in capitals', '/', ['Host', 'c'], null],
    ['an encoding', '/', ['transfer-encoding', 'chunked'], abc],
    ['a body that is longer than is said', '/', ['content-length', '2'], abc],
    ['a body that is shorter than is said', '/', ['content-length', '4'], abc],
    ['no body where one is announced', '/', ['content-length', '1'], null],
    ['two lengths', '/', ['content-length', '3', 'content-length', '3'], abc],
    ['a length that is none', '/', ['content-length', '3x'], stream],
    ['a stream without a length', '/', [], stream],
  ])('with %s is not made', (_, path, headers, body) => {
    expect(() => requestHead({ method: 'PUT', path, headers, body }, 'h')).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    )
  })
})
