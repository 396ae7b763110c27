import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metadataHeaders, readMetadata } from '../src/metadata.ts'

describe('metadata in headers', () => {
  test('plain values stand as they are, as other tools read them', () => {
    expect(
      metadataHeaders({
        user: { mtime: '1700000000.123456789', author: 'A  B "c" %41 +', empty: '' },
        contentType: 'text/plain; charset=utf-8',
      }),
    ).toEqual({
      'x-amz-meta-mtime': '1700000000.123456789',
      'x-amz-meta-author': 'A  B "c" %41 +',
      'x-amz-meta-empty': '',
      'content-type': 'text/plain; charset=utf-8',
    })
  })

  test('others are encoded words', () => {
    expect(metadataHeaders({ user: { a: 'é' } })['x-amz-meta-a']).toBe('=?UTF-8?B?w6k=?=')
  })

  test('any text comes back', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '=?UTF-8?B?w6k=?=',
        ' =?utf-8?q?a?=',
        '=?x?B?y?=',
        ' a',
        'a ',
        '\r\nx: y',
        '\uFEFFa',
      ),
    )
    fc.assert(
      fc.property(text, text, (value, contentDisposition) => {
        const given = {
          user: { a: value },
          ...(contentDisposition === '' ? {} : { contentDisposition }),
        }
        const headers = metadataHeaders(given)
        for (const header of Object.values(headers)) expect(header).toMatch(/^[\x20-\x7e]*$/)
        expect(readMetadata(headers)).toEqual(given)
      }),
    )
  })

  test('what other tools wrote is understood: words of both kinds, several of them, and raw octets', () => {
    const read = (value: string): string | undefined =>
      readMetadata({ 'x-amz-meta-a': value }).user['a']
    expect(read('=?UTF-8?Q?J=C3=BCrgen_x?=')).toBe('Jürgen x')
    expect(read('=?utf-8?b?w6k=?= =?utf-8?b?w6k=?=')).toBe('éé')
    // Cut in the middle of a character.
    expect(read('=?UTF-8?B?ww==?=  =?UTF-8?B?qQ==?=')).toBe('é')
    expect(read('=?ISO-8859-1?Q?J=FCrgen?=')).toBe('Jürgen')
    expect(read(Buffer.from('日本').toString('latin1'))).toBe('日本')
    expect(read('\xfc')).toBe('ü')
    expect(read('=?UTF-8?B?/w==?=')).toBe('=?UTF-8?B?/w==?=')
    expect(read('=?nonsense?B?YQ==?=')).toBe('=?nonsense?B?YQ==?=')
    expect(read('see =?UTF-8?Q?a?= there')).toBe('see =?UTF-8?Q?a?= there')
  })

  test('the content type that S3 makes up is none', () => {
    expect(readMetadata({ 'content-type': 'binary/octet-stream' })).toEqual({ user: {} })
  })

  test('too much, and names that headers cannot carry, are refused before they are sent', () => {
    expect(() => metadataHeaders({ user: { a: 'x'.repeat(2048) } })).toThrow(/at most 2048 bytes/)
    expect(() => metadataHeaders({ user: { 'a b': 'x' } })).toThrow(/no metadata of this name/)
  })
})
