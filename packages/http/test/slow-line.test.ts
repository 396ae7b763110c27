import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext, createServer as createSecureServer } from 'node:tls'
import { CERTIFICATE, KEY, listening } from '@lsync/servers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Call } from '../src/call.ts'
import type { ChannelsOptions } from '../src/channels.ts'
import { connect } from '../src/connection.ts'
import type { Answer, Outgoing } from '../src/exchange.ts'
import { Speed, timeOnLine } from '../src/line.ts'
import { Sending } from '../src/sending.ts'
import { ask, channels, raw, signal, textOf } from './raw.ts'

const KIB = 1024
/** Such a body may take ten seconds. */
const TEN_SECONDS = Buffer.alloc(640 * KIB)
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const put = (body: Uint8Array): Partial<Outgoing> => ({ method: 'PUT', body })

const codeOr = (answer: Promise<Answer>): Promise<unknown> =>
  answer.then(textOf).catch((error: unknown) => (error as { code?: unknown }).code)

/** Answers a request that is there as a whole, after what its path says. */
async function store(options: Partial<ChannelsOptions>) {
  const server = await raw((socket, heard) => {
    const end = heard.indexOf('\r\n\r\n') + 4
    const length = Number(/content-length: (\d+)/.exec(heard)?.[1] ?? 0)
    const wait = Number(/\/(\d+)/.exec(heard)?.[1])
    if (heard.length === end + length) void sleep(wait).then(() => socket.write(OK))
  })
  const dispatcher = channels(options)
  onTestFinished(async () => {
    await dispatcher.destroy()
    await server.stop()
  })
  return {
    server,
    dispatcher,
    answer: async (path: string, request: Partial<Outgoing> = {}) =>
      codeOr(ask(dispatcher, server.origin, { ...request, path })),
  }
}

describe('the time that a line may take', () => {
  test('grows with what is sent over it, up to five minutes', () => {
    expect(timeOnLine([])).toBe(0)
    expect(timeOnLine([64 * KIB])).toBe(1000)
    // As on a far store, where 128 requests are in flight.
    expect(timeOnLine(Array.from({ length: 128 }, () => 100 * KIB))).toBe(200_000)
    expect(timeOnLine(Array.from({ length: 128 }, () => 500 * KIB))).toBe(300_000)
  })

  test('shrinks with what the line was seen to do, but not to what a line that has become slower needs', () => {
    const bodies = Array.from({ length: 32 }, () => 1024 * KIB)
    expect(timeOnLine(bodies)).toBe(300_000)
    expect(timeOnLine(bodies, 128 * 1024 * KIB)).toBe(1000)
    expect(timeOnLine([64 * KIB], 100 * KIB)).toBe(1000)
    const speed = new Speed()
    expect(speed.seen).toBeUndefined()
    // Two that were sent together, and one after a pause.
    speed.arrived(100, 0, 1000)
    speed.arrived(100, 0, 2000)
    speed.arrived(100, 9000, 10_000)
    expect(speed.seen).toBeCloseTo(100)
    for (let second = 11; second < 100; second++) speed.arrived(400, 0, second * 1000)
    expect(speed.seen).toBeGreaterThan(390)
  })

  test('does not grow with what is seen to leave', () => {
    expect(timeOnLine([64 * KIB * KIB])).toBe(16_000)
  })
})

describe('silence on a slow line', () => {
  test('is waited for no longer where the line was seen to be fast, however much is sent over it', async () => {
    const server = createHttpServer((request, response) => {
      request.resume().on('end', () => {
        if (request.method === 'PUT') response.end('ok')
      })
    })
    const { port, ...listener } = await listening(server)
    const dispatcher = channels({ silence: 1500 })
    onTestFinished(async () => {
      await dispatcher.destroy()
      await listener.stop()
    })
    const answer = (request: Partial<Outgoing>) =>
      codeOr(ask(dispatcher, `http://127.0.0.1:${port}`, request))
    const end = new AbortController()
    const sending = Array.from({ length: 2 }, async () => {
      while (!end.signal.aborted) expect(await answer(put(TEN_SECONDS))).toBe('ok')
    })
    await sleep(200)
    // Who did not look at how fast they arrive would wait for twenty seconds.
    expect(await Promise.race([answer({}), sleep(15_000)])).toBe('SILENT')
    end.abort()
    await Promise.all(sending)
  })

  test('is none of the store, while a body may be on its way', async () => {
    const { answer } = await store({ silence: 100 })
    expect(await answer('/600', put(TEN_SECONDS))).toBe('ok')
  })

  test('is none either for others on the same line, also once that body has arrived', async () => {
    const { answer } = await store({ silence: 100 })
    expect(
      await Promise.all([
        answer('/200', put(TEN_SECONDS)),
        answer('/900'),
        answer('/900', put(Buffer.from('small'))),
      ]),
    ).toEqual(['ok', 'ok', 'ok'])
  })

  test('is soon one where little is sent', async () => {
    const { answer } = await store({ silence: 100 })
    expect(await answer('/600000')).toBe('SILENT')
    expect(await answer('/600000', put(Buffer.alloc(16 * KIB)))).toBe('SILENT')
  })

  test('is none of the store behind a proxy', async () => {
    const proxy = createHttpServer(({ method }, response) => {
      // Undici's time limits come late by a second.
      if (method === 'PUT') setTimeout(() => response.end('ok'), 3000)
    })
    const { port, ...listener } = await listening(proxy)
    const connections = await connect({
      environment: { http_proxy: `http://127.0.0.1:${port}` },
      concurrency: 1,
      limits: { connect: 1000, silence: 100 },
    })
    onTestFinished(async () => {
      await connections.destroy()
      await listener.stop()
    })
    const connection = connections.for('http:')
    const asked = { origin: 'http://store.example', path: '/', headers: [], body: null }
    const body = Buffer.from('small')
    const upload = connection.exchange({ ...asked, method: 'PUT', body }, signal)
    expect(await codeOr(connection.exchange({ ...asked, method: 'GET' }, signal))).toBe(
      'UND_ERR_HEADERS_TIMEOUT',
    )
    expect(await codeOr(upload)).toBe('ok')
  })
})

test('a connection is waited for while the line is full, and not for long else', async () => {
  let heard = 0
  const secure = createSecureServer({ cert: CERTIFICATE, key: KEY }, (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heard++
      if (data.toString('latin1').startsWith('GET')) socket.write(OK)
    })
  })
  let wait = 0
  const { port, ...listener } = await listening(
    createServer((socket) => {
      setTimeout(() => secure.emit('connection', socket), wait)
    }),
  )
  const dispatcher = channels({
    connect: 200,
    secureContext: createSecureContext({ ca: CERTIFICATE }),
  })
  onTestFinished(async () => {
    await dispatcher.destroy()
    await listener.stop()
  })
  const origin = `https://localhost:${port}`
  const upload = codeOr(ask(dispatcher, origin, put(TEN_SECONDS)))
  await expect.poll(() => heard).toBeGreaterThan(0)
  wait = 600
  expect(await textOf(await ask(dispatcher, origin))).toBe('ok')
  await dispatcher.destroy()
  expect(await upload).toBe('CLOSED')
  const others = channels({
    connect: 200,
    secureContext: createSecureContext({ ca: CERTIFICATE }),
  })
  onTestFinished(() => others.destroy())
  await expect(ask(others, origin)).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' })
})

test('a body is given to the system in pieces, each of which tells that the line moves', async () => {
  const written: number[] = []
  let moved = 0
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.length)
      setImmediate(done)
    },
  })
  const sending = new Sending(socket as Socket, () => {
    moved++
  })
  const request = { origin: '', path: '/', method: 'PUT', headers: [], body: TEN_SECONDS }
  const handler = {} as ConstructorParameters<typeof Call>[1]
  await sending.start(new Call(request, handler, 'store.example', 1000))
  expect(written.slice(1)).toEqual(Array.from({ length: 10 }, () => 64 * KIB))
  expect([moved, sending.isSent]).toEqual([10, true])
})
