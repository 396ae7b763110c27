import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { codeOf, OK, store, toHeads } from './channel-store.ts'
import { ask, type raw, textOf } from './raw.ts'

describe('a body that is sent', () => {
  const putting = (body: Uint8Array | Readable, length: number): Parameters<typeof ask>[2] => ({
    method: 'PUT',
    headers: ['content-length', String(length)],
    body,
  })
  const whole =
    (size: number): Parameters<typeof raw>[0] =>
    (socket, heard) => {
      if (heard.length === heard.indexOf('\r\n\r\n') + 4 + size) socket.write(OK)
    }

  test.each([1, 1000, 100_000, 1_000_000])('arrives as it is: %i bytes', async (size) => {
    const { server, dispatcher } = await store(whole(size))
    const bytes = Buffer.from('0123456789'.repeat(Math.ceil(size / 10))).subarray(0, size)
    await ask(dispatcher, server.origin, putting(bytes, size))
    expect(server.heard[0]?.endsWith(`\r\n\r\n${bytes.toString()}`)).toBe(true)
    const pieces = [bytes.subarray(0, 3), bytes.subarray(3)].filter((piece) => piece.length > 0)
    server.heard[0] = ''
    await ask(
      dispatcher,
      server.origin,
      putting(Readable.from(pieces, { objectMode: false }), size),
    )
    expect(server.heard).toHaveLength(1)
    expect(server.heard[0]?.endsWith(`\r\n\r\n${bytes.toString()}`)).toBe(true)
  })

  test('of nothing is sent before its source says so', async () => {
    const { server, dispatcher } = await store(toHeads(OK))
    async function* late(): AsyncGenerator<Buffer> {
      await sleep(100)
      yield Buffer.alloc(0)
    }
    const body = Readable.from(late(), { objectMode: false })
    expect(await textOf(await ask(dispatcher, server.origin, putting(body, 0)))).toBe('ok')
  })

  test.each([
    ['shorter', 7],
    ['longer', 3],
  ])('and is %s than was said never counts as sent', async (_, length) => {
    const { server, dispatcher } = await store(() => undefined)
    const body = Readable.from([Buffer.from('12345')], { objectMode: false })
    expect(await codeOf(ask(dispatcher, server.origin, putting(body, length)))).toBe('BAD_REQUEST')
    await expect.poll(() => server.sockets[0]?.destroyed).toBe(true)
  })

  test('is not sent on where the answer came early, and the connection is not used again', async () => {
    const { server, dispatcher } = await store((socket) => {
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
    })
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        yield Buffer.alloc(1000)
        await sleep(1)
      }
    }
    const body = Readable.from(endless(), { objectMode: false })
    const answer = await ask(dispatcher, server.origin, putting(body, 1_000_000_000))
    expect([answer.status, await textOf(answer)]).toEqual([403, 'no'])
    await expect.poll(() => body.destroyed && server.sockets[0]?.destroyed).toBe(true)
  })
})

describe('a yes', () => {
  test('to what was not sent yet is none', async () => {
    const { server, dispatcher } = await store((socket) => {
      socket.write(OK)
    })
    async function* halting(): AsyncGenerator<Buffer> {
      yield Buffer.from('0123')
      await sleep(300)
      yield Buffer.from('456789')
    }
    const asked = ask(dispatcher, server.origin, {
      method: 'PUT',
      headers: ['content-length', '10'],
      body: Readable.from(halting(), { objectMode: false }),
    })
    expect(await codeOf(asked.then(textOf))).toBe('BAD_ANSWER')
    await expect.poll(() => server.sockets[0]?.destroyed).toBe(true)
  })
})
