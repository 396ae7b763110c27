import { execFile } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext, createServer as createSecureServer } from 'node:tls'
import { promisify } from 'node:util'
import { listening } from '@lsync/servers'
import * as fc from 'fast-check'
import { Agent } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import type { Answer, Dispatcher } from '../src/exchange.ts'
import type { Channels, ChannelsOptions } from '../src/channels.ts'
import { CERTIFICATE, KEY } from '@lsync/servers'
import { ask, channels, raw, type Raw, textOf } from './raw.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const started: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of started.splice(0).toReversed()) await stop()
})

async function store(
  answer: Parameters<typeof raw>[0],
  options?: Partial<ChannelsOptions>,
): Promise<{ readonly server: Raw; readonly dispatcher: Channels }> {
  const server = await raw(answer)
  const dispatcher = channels(options)
  started.push(
    () => server.stop(),
    () => dispatcher.destroy(),
  )
  return { server, dispatcher }
}

/** Answers each whole head with `answer`, once. */
const toHeads =
  (answer: string): Parameters<typeof raw>[0] =>
  (socket, heard) => {
    if (heard.endsWith('\r\n\r\n')) socket.write(answer, 'latin1')
  }

const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  )

describe('a connection', () => {
  test('is used again, and no more of them are made than are needed', async () => {
    const { server, dispatcher } = await store(toHeads(OK))
    for (let index = 0; index < 5; index++)
      expect(await textOf(await ask(dispatcher, server.origin))).toBe('ok')
    expect(server.heard).toHaveLength(1)
    await Promise.all(Array.from({ length: 20 }, () => ask(dispatcher, server.origin)))
    expect(server.heard.length).toBeGreaterThan(1)
    expect(server.heard.length).toBeLessThanOrEqual(4)
  })

  test.each([
    ['its server says so', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'],
    ['it is of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['more came than was asked for', `${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
  ])('is not used again where %s', async (_, answer) => {
    const { server, dispatcher } = await store(toHeads(answer))
    for (let index = 0; index < 3; index++)
      expect(await textOf(await ask(dispatcher, server.origin))).toBe('ok')
    expect(server.heard).toHaveLength(3)
  })

  test('that says something while nobody asks is not used again', async () => {
    const { server, dispatcher } = await store(toHeads(OK))
    await ask(dispatcher, server.origin)
    server.sockets[0]?.write(OK)
    await sleep(50)
    expect(await textOf(await ask(dispatcher, server.origin))).toBe('ok')
    expect(server.heard).toHaveLength(2)
  })

  test('that its server closed while it was idle is not used again', async () => {
    const { server, dispatcher } = await store(toHeads(OK))
    await ask(dispatcher, server.origin)
    server.sockets[0]?.end()
    await sleep(50)
    expect(await textOf(await ask(dispatcher, server.origin))).toBe('ok')
    expect(server.heard).toHaveLength(2)
  })

  test('that was idle for longer than its server allows is not used again', async () => {
    const { server, dispatcher } = await store(
      toHeads('HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok'),
    )
    await ask(dispatcher, server.origin)
    await ask(dispatcher, server.origin)
    expect(server.heard).toHaveLength(2)
  })

  test('that does not come to stand is no answer, for whoever waits for one', async () => {
    const { server, dispatcher } = await store(() => undefined)
    await server.stop()
    const asked = Array.from({ length: 9 }, () => codeOf(ask(dispatcher, server.origin)))
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['ECONNREFUSED']))
  })

  test('that does not come to stand in time is no answer', async () => {
    const dispatcher = channels({ connect: 100 })
    started.push(() => dispatcher.destroy())
    // An address for documentation: nothing answers, or the system says at once that there is no way.
    const code = await codeOf(ask(dispatcher, 'http://192.0.2.1:81'))
    expect(code).toMatch(/^(CONNECT_TIMEOUT|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED)$/)
  })

  test('a torn one is no answer, and those who wait get another', async () => {
    const { server, dispatcher } = await store(
      (socket, _, connection) => {
        if (connection === 0) socket.destroy()
        else socket.write(OK)
      },
      { connections: 1 },
    )
    const [first, second] = await Promise.allSettled([
      ask(dispatcher, server.origin),
      ask(dispatcher, server.origin),
    ])
    expect(first).toMatchObject({ status: 'rejected' })
    expect(second).toMatchObject({ status: 'fulfilled' })
  })

  test.each([
    ['hangs up', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ])('to one that accepts and %s is no answer, and not sought without end', async (_, leave) => {
    let accepted = 0
    const server = createServer((socket) => {
      accepted++
      socket.on('error', () => undefined)
      leave(socket)
    })
    const { port, ...listener } = await listening(server)
    const dispatcher = channels()
    started.push(
      () => listener.stop(),
      () => dispatcher.destroy(),
    )
    const asked = Array.from({ length: 6 }, () =>
      codeOf(ask(dispatcher, `http://127.0.0.1:${port}`)),
    )
    for (const code of await Promise.all(asked))
      expect(['CLOSED', 'ECONNRESET', 'EPIPE']).toContain(code)
    expect(accepted).toBeLessThanOrEqual(12)
  })

  test('destroyed, all that wait are told, and nobody is served any more', async () => {
    const { server, dispatcher } = await store(() => undefined, { connections: 1 })
    const asked = Array.from({ length: 3 }, () => codeOf(ask(dispatcher, server.origin)))
    await expect.poll(() => server.heard.length).toBe(1)
    await dispatcher.destroy()
    expect(await Promise.all(asked)).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
    expect(await codeOf(ask(dispatcher, server.origin))).toBe('CLOSED')
  })
})

describe('what comes behind an answer', () => {
  /** An answer to each request, and behind the first one another that nobody asked for, when `late` lets it go. */
  async function extra(late: () => Promise<void>): Promise<readonly string[]> {
    const { server, dispatcher } = await store(
      (socket, heard) => {
        if (!heard.endsWith('\r\n\r\n')) return
        const count = heard.split('GET ').length - 1
        const path = /.*GET (\S+)/s.exec(heard)?.[1] ?? ''
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}`)
        if (count === 1 && path === '/0')
          void late().then(() => socket.write('HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nevil'))
      },
      { connections: 1 },
    )
    const answers: string[] = []
    for (let index = 0; index < 5; index++)
      try {
        answers.push(await textOf(await ask(dispatcher, server.origin, { path: `/${index}` })))
      } catch (error) {
        answers.push(String((error as { code?: unknown }).code))
      }
    return answers
  }

  test.each([
    ['at once', async () => undefined],
    ['a turn later', () => new Promise<void>((resolve) => setImmediate(resolve))],
  ])('is never the answer to another request: %s', async (_, late) => {
    const wanted = (index: number): string => `/${index}`
    // Who asks in that very moment may lose his connection; nobody gets what was not his.
    for (const [index, answer] of (await extra(late)).entries())
      expect([wanted(index), 'CLOSED', 'ECONNRESET', 'EPIPE']).toContain(answer)
  })

  test('over TLS neither, where each piece is read by itself', async () => {
    const server = createSecureServer({ cert: CERTIFICATE, key: KEY }, (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        const path = /GET (\S+)/.exec(data.toString())?.[1] ?? ''
        const head = 'HTTP/1.1 200 OK\r\ncontent-length: 16000\r\na: '
        // The first answer fills a record of TLS; the other one comes in the next.
        const padding = 'x'.repeat(16_384 - head.length - 4 - 16_000)
        const evil = 'HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nevil'
        socket.write(`${head}${padding}\r\n\r\n${path.padEnd(16_000)}${evil}`)
      })
    })
    const { port, ...listener } = await listening(server)
    const dispatcher = channels({ secureContext: createSecureContext({ ca: CERTIFICATE }) })
    started.push(
      () => listener.stop(),
      () => dispatcher.destroy(),
    )
    for (let index = 0; index < 20; index++) {
      const path = `/${index}`
      const answer = await textOf(await ask(dispatcher, `https://localhost:${port}`, { path }))
      expect(answer.trim()).toBe(path)
    }
  })
})

describe('an abort', () => {
  test('takes away who waits for a connection, and leaves the connection to others', async () => {
    let answer: (() => void) | undefined
    const { server, dispatcher } = await store(
      (socket) => {
        answer ??= () => socket.write(OK)
        if (server.heard[0]?.includes('/last') === true) socket.write(OK)
      },
      { connections: 1 },
    )
    const first = ask(dispatcher, server.origin)
    const stop = new AbortController()
    const given = Array.from({ length: 1000 }, () =>
      codeOf(ask(dispatcher, server.origin, {}, stop.signal)),
    )
    const last = ask(dispatcher, server.origin, { path: '/last' })
    await expect.poll(() => answer).toBeDefined()
    stop.abort(Object.assign(new Error('stop'), { code: 'mine' }))
    answer?.()
    expect(await textOf(await first)).toBe('ok')
    expect(await textOf(await last)).toBe('ok')
    expect(new Set(await Promise.all(given))).toEqual(new Set(['mine']))
    expect(server.heard).toHaveLength(1)
    expect(server.heard[0]?.match(/GET/g)).toHaveLength(2)
  })

  test('in the middle closes the connection', async () => {
    const { server, dispatcher } = await store(() => undefined)
    const stop = new AbortController()
    const asked = codeOf(ask(dispatcher, server.origin, {}, stop.signal))
    await expect.poll(() => server.heard[0]).toContain('GET')
    stop.abort(Object.assign(new Error('stop'), { code: 'mine' }))
    expect(await asked).toBe('mine')
    await expect.poll(() => server.sockets[0]?.destroyed).toBe(true)
  })
})

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

test('an idle connection keeps no process alive', async () => {
  const server = await raw(toHeads(OK))
  started.push(() => server.stop())
  const script = `
    import { connect } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    const connections = await connect({ environment: {}, concurrency: 2 })
    const request = { origin: ${JSON.stringify(server.origin)}, path: '/', method: 'GET', headers: [], body: null }
    const { status } = await connections.for('http:').exchange(request, new AbortController().signal)
    console.log(status)`
  const begun = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@lsync/source',
    '--input-type=module',
    '--eval',
    script,
  ])
  expect(stdout.trim()).toBe('200')
  // It would be closed after four seconds.
  expect(performance.now() - begun).toBeLessThan(3500)
})

test('after the end nobody is served, at no place', async () => {
  const { server, dispatcher } = await store(toHeads(OK))
  await dispatcher.destroy()
  expect(await codeOf(ask(dispatcher, server.origin))).toBe('CLOSED')
  expect(server.heard).toEqual([])
})

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
