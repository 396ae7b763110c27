import { execFile } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext, createServer as createSecureServer } from 'node:tls'
import { promisify } from 'node:util'
import { CERTIFICATE, KEY, listening } from '@lsync/servers'
import { describe, expect, test } from 'vitest'
import { codeOf, OK, started, store, toHeads } from './channel-store.ts'
import { ask, channels, raw, textOf } from './raw.ts'

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

test('an idle connection keeps no process alive', async () => {
  const server = await raw(
    toHeads('HTTP/1.1 200 OK\r\nkeep-alive: timeout=60\r\ncontent-length: 2\r\n\r\nok'),
  )
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
  // It would be closed after 59 seconds.
  expect(performance.now() - begun).toBeLessThan(50_000)
})

test('after the end nobody is served, at no place', async () => {
  const { server, dispatcher } = await store(toHeads(OK))
  await dispatcher.destroy()
  expect(await codeOf(ask(dispatcher, server.origin))).toBe('CLOSED')
  expect(server.heard).toEqual([])
})
