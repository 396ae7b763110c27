import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Chunked } from '../src/chunked.ts'

function decode(pieces: readonly Buffer[]): {
  readonly content: string
  readonly behind: string
  readonly isDone: boolean
} {
  const chunked = new Chunked()
  let content = ''
  let behind = ''
  for (const piece of pieces) {
    const rest = chunked.read(piece, (part) => (content += part.toString('latin1')))
    behind += rest.toString('latin1')
  }
  return { content, behind, isDone: chunked.isDone }
}

const extension = fc.constantFrom('', ';a=b', ' ; x', '\t')
const trailers = fc.array(fc.constantFrom('a: b\r\n', 'checksum: x\r\n'), { maxLength: 2 })

test('what was sent in chunks comes back, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'binary-ascii', minLength: 1 }), extension)),
      trailers,
      fc.array(fc.nat(40)),
      (chunks, behind, cuts) => {
        const sent = Buffer.from(
          `${chunks.map(([text, more]) => `${text.length.toString(16)}${more}\r\n${text}\r\n`).join('')}0\r\n${behind.join('')}\r\nNEXT`,
          'latin1',
        )
        const pieces: Buffer[] = []
        let at = 0
        for (const cut of cuts) {
          pieces.push(sent.subarray(at, at + cut))
          at += cut
        }
        pieces.push(sent.subarray(at))
        expect(decode(pieces)).toEqual({
          content: chunks.map(([text]) => text).join(''),
          behind: 'NEXT',
          isDone: true,
        })
      },
    ),
  )
})

test.each([
  'x\r\n',
  '-1\r\n',
  '5\nhello',
  '5\r\nhelloworld\r\n',
  'fffffffffffffff\r\n',
  `1;${'x'.repeat(9000)}`,
])('%j is refused', (text) => {
  expect(() => decode([Buffer.from(text)])).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }))
})

test('without its end it is not done', () => {
  for (const text of [
    '5\r\nhello',
    '5\r\nhello\r\n',
    '5\r\nhello\r\n0\r\n',
    '5\r\nhello\r\n0\r\na: b\r\n',
  ])
    expect(decode([Buffer.from(text)])).toEqual({ content: 'hello', behind: '', isDone: false })
})
