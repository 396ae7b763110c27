import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { codeOf, OK, store, toHeads } from './channel-store.ts'
import { ask, textOf } from './raw.ts'

describe('silence', () => {
  test('of the source of a body is none of the server', async () => {
    const { server, dispatcher } = await store(
      (socket, heard) => {
        if (heard.endsWith('0123456789')) socket.write(OK)
      },
      { silence: 100 },
    )
    async function* slow(): AsyncGenerator<Buffer> {
      for (const part of ['01234', '56789']) {
        await sleep(400)
        yield Buffer.from(part)
      }
    }
    const answer = await ask(dispatcher, server.origin, {
      method: 'PUT',
      headers: ['content-length', '10'],
      body: Readable.from(slow(), { objectMode: false }),
    })
    expect(await textOf(answer)).toBe('ok')
  })

  test('is not broken by announcements, nor by a head that has no end', async () => {
    const { server, dispatcher } = await store(
      (socket, heard) => {
        const drip = heard.includes('/head') ? 'x' : 'HTTP/1.1 100 Continue\r\n\r\n'
        if (drip === 'x') socket.write('HTTP/1.1 200 OK\r\na: ')
        const timer = setInterval(() => socket.write(drip), drip === 'x' ? 20 : 60)
        socket.on('close', () => clearInterval(timer))
      },
      { silence: 200 },
    )
    for (const path of ['/head', '/announced'])
      expect(await codeOf(ask(dispatcher, server.origin, { path }))).toBe('SILENT')
  })

  test('of this process is none of the server', async () => {
    const { server, dispatcher } = await store(
      (socket) => void sleep(50).then(() => socket.write(OK)),
      { silence: 200 },
    )
    const asked = ask(dispatcher, server.origin)
    await sleep(20)
    const until = performance.now() + 600
    while (performance.now() < until);
    expect(await textOf(await asked)).toBe('ok')
  })

  test('before the answer and within it is none', async () => {
    const { server, dispatcher } = await store(
      (socket, heard) => {
        if (heard.includes('/begun')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1')
      },
      { silence: 100 },
    )
    expect(await codeOf(ask(dispatcher, server.origin))).toBe('SILENT')
    expect(await codeOf(ask(dispatcher, server.origin, { path: '/begun' }))).toBe('SILENT')
  })

  test('is borne for as long as the request says', async () => {
    const { server, dispatcher } = await store(
      (socket) => void sleep(400).then(() => socket.write(OK)),
      { silence: 100 },
    )
    const answer = await ask(dispatcher, server.origin, { headersTimeout: 5000 })
    expect(await textOf(answer)).toBe('ok')
  })

  test('of a reader who takes his time is none of the server', async () => {
    const size = 4_000_000
    const { server, dispatcher } = await store(
      toHeads(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`),
      { silence: 100 },
    )
    const { body } = await ask(dispatcher, server.origin)
    let length = 0
    for await (const chunk of body) {
      if (length === 0) await sleep(400)
      length += chunk.length
    }
    expect(length).toBe(size)
  })
})
