import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StorageError } from '@lsync/core/provider'
import { type Listed, parseListing as parse, textOf } from '../src/xml.ts'

/** With all of its objects. */
function parseListing(xml: string): { objects: readonly Listed[]; token: string | undefined } {
  const { objects, token } = parse(xml)
  return { objects: [...objects], token }
}

function object(key: string, rest = ''): string {
  return `<Contents><Key>${key}</Key><LastModified>2026-11-24T14:15:16.789Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>12</Size>${rest}<StorageClass>STANDARD</StorageClass></Contents>`
}

function page(
  objects: readonly string[],
  {
    truncated = 'false',
    token = '',
    count = String(objects.length),
    tail = '</ListBucketResult>',
  } = {},
): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix>${token === '' ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}<KeyCount>${count}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>${truncated}</IsTruncated>${objects.join('')}<EncodingType>url</EncodingType>${tail}`
}

function keys({ objects }: ReturnType<typeof parseListing>): string[] {
  return objects.map(({ key }) => key)
}

describe('an answer to a listing', () => {
  test('is read with all that it says', () => {
    expect(parseListing(page([object('a')]))).toEqual({
      objects: [
        {
          key: 'a',
          size: 12,
          etag: '0123456789abcdef0123456789abcdef',
          modified: Date.UTC(2026, 10, 24, 14, 15, 16, 789),
        },
      ],
      token: undefined,
    })
    expect(parseListing(page([]))).toEqual({ objects: [], token: undefined })
  })

  test('goes on where it says', () => {
    expect(parseListing(page([object('a')], { truncated: 'true', token: 'a&amp;b==' })).token).toBe(
      'a&b==',
    )
  })

  test('decodes keys: percent and plus, and what XML itself encodes where the server knows no other way', () => {
    expect(keys(parseListing(page([object('a%2Bb+c%25%C3%A9%0A%F0%9F%98%80')])))).toEqual([
      'a+b c%é\n\u{1F600}',
    ])
    const plain = page([object('a%2B+&lt;&amp;lt;&#x1F600;&#10;')]).replace(
      '<EncodingType>url</EncodingType>',
      '',
    )
    expect(keys(parseListing(plain))).toEqual(['a%2B+<&lt;\u{1F600}\n'])
  })

  test('may hold owners and restore states, and blanks between objects', () => {
    const owner = '<Owner><ID>x</ID><DisplayName>y</DisplayName></Owner>'
    expect(keys(parseListing(page([`\n  ${object('a', owner)}\n`, `${object('b')}\n`])))).toEqual([
      'a',
      'b',
    ])
  })

  test('takes times with and without fractions', () => {
    const at = (time: string): number | undefined =>
      parseListing(page([object('a').replace('2026-11-24T14:15:16.789Z', time)])).objects[0]
        ?.modified
    expect(at('2026-11-24T14:15:16Z')).toBe(Date.UTC(2026, 10, 24, 14, 15, 16))
    expect(at('2026-11-24T14:15:59.001Z')).toBe(Date.UTC(2026, 10, 24, 14, 15, 59, 1))
    expect(at('2025-11-24T14:15:59.123456Z')).toBe(Date.UTC(2025, 10, 24, 14, 15, 59, 123))
    expect(at('2026-11-24T15:15:16+01:00')).toBe(Date.UTC(2026, 10, 24, 14, 15, 16))
  })

  const whole = page([object('a'), object('b'), object('c')], { truncated: 'true', token: 't' })
  test('is refused wherever it is cut', () => {
    for (let length = 0; length < whole.length; length++)
      expect(() => parseListing(whole.slice(0, length))).toThrow(
        expect.objectContaining({ code: 'network' }),
      )
  })

  test('that counts keys which it does not hold is refused before any is taken', () => {
    for (const count of ['1', '3', '0', ''])
      expect(() => parse(page([object('a'), object('b')], { count }))).toThrow(
        expect.objectContaining({ code: 'network' }),
      )
    const uncounted = page([object('a'), object('b')]).replace('<KeyCount>2</KeyCount>', '')
    expect(keys(parseListing(uncounted))).toEqual(['a', 'b'])
  })

  test.each([
    ['truncated without a token', page([object('a')], { truncated: 'true' })],
    ['does not say if it is complete', page([object('a')], { truncated: 'maybe' })],
    ['counts other keys than it holds', page([object('a')], { count: '2' })],
    ['an object without a key', page([object('').replace('<Key></Key>', '')])],
    ['an object with an empty key', page([object('')])],
    ['a size that is none', page([object('a').replace('>12<', '>-1<')])],
    ['a time that is none', page([object('a').replace('2026-11-24T14:15:16.789Z', 'soon')])],
    ['no ETag', page([object('a').replaceAll('ETag', 'Tag')])],
    ['something between objects', page([object('a'), '<Contents/>', object('b')], { count: '2' })],
    [
      'a last object that does not end',
      page([object('a'), `<Contents><Key>b</Key>`]).replace('<KeyCount>2</KeyCount>', ''),
    ],
    ['an object that does not end', page([`<Contents><Key>a</Key>`, object('b')], { count: '1' })],
    ['an error in place of a listing', '<Error><Code>InternalError</Code></Error>'],
    ['nothing', ''],
  ])('is refused: %s', (_, xml) => {
    expect(() => parseListing(xml)).toThrow(expect.objectContaining({ code: 'network' }))
  })

  const value = fc.oneof(
    fc.constantFrom('a', 'a%20b', 'a%FF', 'a&amp;b', '', '12', '99999999999999999', '1e3', '-1'),
    fc.constantFrom('2026-11-24T14:15:16.789Z', '2026-11-24T14:15:16Z', 'soon', '&#49;2', '"x"'),
    fc.constantFrom(
      '&quot;0a-2&quot;',
      '&#34;0a&#34;',
      '&quot;0a&#34;',
      '&quot;a&amp;b&quot;',
      '&#34;a"b&#34;',
    ),
    fc.constantFrom('&quot;&quot;', '&#34;'),
    fc.constantFrom('<Key>', '</Key>', '</Size>', '<Contents>', '</Contents>', '<', '\n'),
  )
  const name = fc.constantFrom('Key', 'LastModified', 'ETag', 'Size', 'StorageClass', 'Contents')
  const element = fc.tuple(name, value).map(([tag, text]) => `<${tag}>${text}</${tag}>`)
  const four = [
    `<Key>a%20b</Key>`,
    `<LastModified>2026-11-24T14:15:16.789Z</LastModified>`,
    `<ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag>`,
    `<Size>12</Size>`,
  ]
  const body = fc.oneof(
    fc.array(fc.oneof(element, value), { maxLength: 8 }),
    fc
      .array(fc.tuple(fc.nat(5), fc.oneof(element, value), fc.boolean()), { maxLength: 3 })
      .map((changes) => {
        let parts = four
        for (const [at, other, replaced] of changes)
          parts = parts.toSpliced(at, replaced ? 1 : 0, other)
        return parts
      }),
  )

  test('an object is the same to the quick look and to the thorough one, which a blank before its first element asks for', () => {
    const outcome = (xml: string): unknown => {
      try {
        return parseListing(xml).objects
      } catch (error) {
        return error instanceof StorageError ? error.code : error
      }
    }
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 3 }), (bodies) => {
        const written = (blank: string): string =>
          page(bodies.map((parts) => `<Contents>${blank}${parts.join('')}</Contents>`))
        expect(outcome(written(''))).toEqual(outcome(written(' ')))
      }),
      { numRuns: 2000 },
    )
  })

  test('a key that is no text stops the run by name: it cannot be passed over', () => {
    expect(() => parseListing(page([object('a%FF')]))).toThrow(
      expect.objectContaining({ code: 'unexpected', message: expect.stringContaining('a%FF') }),
    )
  })

  test('hostile entities stay what they are', () => {
    expect(textOf('<Code>&#x110000;&#99999999;&bomb;</Code>', 'Code')).toBe(
      '&#x110000;&#99999999;&bomb;',
    )
    expect(textOf('<Code>open', 'Code')).toBeUndefined()
  })
})
