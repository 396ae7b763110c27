import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { Agent } from 'undici'
import { describe, expect, test } from 'vitest'
import type { Answer, Dispatcher } from '../src/exchange.ts'
import { codeOf, OK, started, store, toHeads } from './channel-store.ts'
import { ask, channels, raw, textOf } from './raw.ts'

describe('an answer', () => {
  test('that is announced by 1xx is the one behind', async () => {
    const { server, dispatcher } = await store(
      toHeads(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`),
    )
    const answer = await ask(dispatcher, server.origin)
    expect([answer.status, await textOf(answer)]).toEqual([200, 'ok'])
  })

  test('to HEAD has no body, whatever its length says', async () => {
    const { server, dispatcher } = await store(
      toHeads('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'),
    )
    for (let index = 0; index < 2; index++) {
      const { headers } = await ask(dispatcher, server.origin, { method: 'HEAD' })
      expect(headers['content-length']).toBe('1000')
    }
    expect(server.heard).toHaveLength(1)
  })

  test.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['has a head without an end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(10_000)}`],
    ['is announced without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
    ['has a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ])('that %s is none', async (_, answer) => {
    const { server, dispatcher } = await store(toHeads(answer))
    const asked = ask(dispatcher, server.origin).then(textOf)
    expect(await codeOf(asked)).toBe('BAD_ANSWER')
  })

  test('that is torn within its chunks is none', async () => {
    const { server, dispatcher } = await store((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')
    })
    expect(await codeOf(ask(dispatcher, server.origin).then(textOf))).toBe('CLOSED')
  })
})

/** What undici makes of the same bytes. */
describe('as undici', () => {
  const name = fc.constantFrom('ETag', 'x-amz-meta-a', 'Last-Modified', 'X-A', 'x-a', 'Vary')
  // Without blanks at its end, which undici keeps and RFC 9110 does not.
  const value = fc
    .string({ unit: fc.constantFrom('a', ' ', '"', 'ü', '\xa0', '=', ',', '\t'), maxLength: 9 })
    .map((text) => text.replace(/[ \t]+$/, ''))
  const answers = fc.record({
    status: fc.constantFrom(200, 201, 204, 206, 304, 404, 503),
    headers: fc.array(fc.tuple(name, value), { maxLength: 6 }),
    body: fc.string({ unit: 'binary-ascii', maxLength: 300 }),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    cuts: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 8 }),
  })

  test('an answer is the same, however it is cut', { timeout: 60_000 }, async () => {
    let pieces: Buffer[] = []
    let ends = false
    const server = await raw((socket) => {
      void (async () => {
        const [all, last] = [pieces, ends]
        for (const piece of all) {
          await new Promise<void>((resolve) => {
            socket.write(piece, () => resolve())
          })
          await sleep(0)
        }
        if (last) socket.end()
      })()
    })
    const ours = channels()
    const theirs = new Agent({ pipelining: 1 }) as unknown as Dispatcher
    started.push(
      () => server.stop(),
      () => ours.destroy(),
      () => theirs.destroy(),
    )
    const read = async (dispatcher: Dispatcher): Promise<unknown> => {
      const answer: Answer = await ask(dispatcher, server.origin)
      return { status: answer.status, headers: answer.headers, body: await textOf(answer) }
    }
    await fc.assert(
      fc.asyncProperty(answers, async ({ status, headers, body, framing, cuts }) => {
        const hasBody = status !== 204 && status !== 304
        ends = hasBody && framing === 'close'
        const lines = headers.map(([header, text]) => `${header}: ${text}`)
        if (hasBody && framing === 'length') lines.push(`Content-Length: ${body.length}`)
        if (hasBody && framing === 'chunked') lines.push('Transfer-Encoding: chunked')
        const sent =
          hasBody && framing === 'chunked'
            ? `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
            : hasBody
              ? body
              : ''
        const bytes = Buffer.from(
          ['HTTP/1.1 ' + String(status) + ' Words', ...lines, '', sent].join('\r\n'),
          'latin1',
        )
        pieces = []
        let at = 0
        for (const cut of cuts) {
          pieces.push(bytes.subarray(at, at + cut))
          at += cut
        }
        pieces.push(bytes.subarray(at))
        pieces = pieces.filter((piece) => piece.length > 0)
        expect(await read(ours)).toEqual(await read(theirs))
      }),
      { numRuns: 200 },
    )
  })
})
