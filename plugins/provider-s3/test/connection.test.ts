import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CERTIFICATE } from '@lsync/servers'
import { listening } from '@lsync/servers'
import { fake, requesterTo, secureFake } from './fake.ts'

const folder = mkdtempSync(join(tmpdir(), 'lsync-s3-'))
const bundle = join(folder, 'bundle.pem')
writeFileSync(bundle, CERTIFICATE)
const tunnelled: string[] = []
const proxy = createServer((request, response) => {
  tunnelled.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`)
  response.end('by proxy')
})
proxy.on('connect', (request, socket) => {
  tunnelled.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`)
  const [, port] = (request.url ?? '').split(':')
  const on = dial(Number(port), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    on.pipe(socket)
    socket.pipe(on)
  })
  for (const end of [on, socket]) end.on('error', () => undefined)
})
const [secure, plain, between] = await Promise.all([
  secureFake((_, response) => response.end('secure')),
  fake((_, response) => response.end('plain')),
  listening(proxy),
])

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await Promise.all([secure.stop(), plain.stop(), between.stop()])
})

async function ask(origin: string, environment: Record<string, string>): Promise<string> {
  tunnelled.length = 0
  const { requester, connections } = await requesterTo(origin, environment)
  try {
    return await requester.text({ method: 'GET', signal: new AbortController().signal })
  } finally {
    await connections.destroy()
  }
}

const HTTPS = `https://localhost:${secure.port}`
const HTTP = `http://localhost:${plain.port}`
const PROXY = `http://user:pass@127.0.0.1:${between.port}`
const AUTHORIZED = `Basic ${Buffer.from('user:pass').toString('base64')}`

describe('certificates', () => {
  test('that nobody trusts are refused, and the message says what to do', async () => {
    await expect(ask(HTTPS, {})).rejects.toMatchObject({
      code: 'bad-remote',
      message: expect.stringContaining('AWS_CA_BUNDLE'),
    })
  })

  test('in the bundle of the environment are trusted', async () => {
    expect(await ask(HTTPS, { AWS_CA_BUNDLE: bundle })).toBe('secure')
  })

  test('a bundle that cannot be read is told by its path', async () => {
    await expect(ask(HTTPS, { AWS_CA_BUNDLE: join(folder, 'none') })).rejects.toMatchObject({
      code: 'bad-remote',
      message: expect.stringContaining('none'),
    })
  })
})

describe('proxies', () => {
  test('carry what is secure through a tunnel, with the bundle', async () => {
    expect(await ask(HTTPS, { HTTPS_PROXY: PROXY, AWS_CA_BUNDLE: bundle })).toBe('secure')
    expect(tunnelled).toEqual([`CONNECT localhost:${secure.port} ${AUTHORIZED}`])
  })

  test('are each for their own protocol', async () => {
    expect(await ask(HTTPS, { HTTP_PROXY: PROXY, AWS_CA_BUNDLE: bundle })).toBe('secure')
    expect(tunnelled).toEqual([])
    expect(await ask(HTTP, { HTTPS_PROXY: PROXY })).toBe('plain')
    expect(tunnelled).toEqual([])
    await ask(HTTP, { http_proxy: PROXY })
    expect(tunnelled).toHaveLength(1)
  })

  test.each(['localhost', '*', 'other,localhost', `localhost:${secure.port}`])(
    'are left aside for %s',
    async (noProxy) => {
      const environment = { HTTPS_PROXY: PROXY, AWS_CA_BUNDLE: bundle, NO_PROXY: noProxy }
      expect(await ask(HTTPS, environment)).toBe('secure')
      expect(tunnelled).toEqual([])
    },
  )

  test.each([
    ['HTTPS_PROXY', HTTPS],
    ['HTTP_PROXY', HTTP],
  ])('%s is named where nothing listens there, without its password', async (variable, origin) => {
    const gone = await listening(createServer())
    await gone.stop()
    const environment = { [variable]: `http://user:geheim@127.0.0.1:${gone.port}` }
    const failure = await ask(origin, environment).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'network' })
    expect(String(failure)).toContain(`the proxy 127.0.0.1:${gone.port}, which ${variable} names`)
    expect(String(failure)).not.toContain('geheim')
  })

  test.each([
    ['HTTPS_PROXY', HTTPS, 407, 'wants a user and a password'],
    ['HTTP_PROXY', HTTP, 407, 'wants a user and a password'],
    ['HTTPS_PROXY', HTTPS, 403, 'gives no way to the store'],
  ])(
    '%s is named where it lets nobody through (%s, %i)',
    async (variable, origin, status, words) => {
      const closed = createServer((_, response) => response.writeHead(status).end())
      closed.on('connect', (_, socket) => {
        socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
      })
      const listens = await listening(closed)
      const environment = { [variable]: `http://user:geheim@127.0.0.1:${listens.port}` }
      const failure = await ask(origin, environment).catch((error: unknown) => error)
      await listens.stop()
      expect(failure).toMatchObject({ code: 'network', detail: `status ${status}` })
      expect(String(failure)).toContain(
        `the proxy 127.0.0.1:${listens.port}, which ${variable} names, ${words}`,
      )
      expect(String(failure)).not.toContain('geheim')
    },
  )

  test('a store on which nothing listens is not taken for the proxy', async () => {
    const gone = await listening(createServer())
    await gone.stop()
    const environment = { HTTP_PROXY: PROXY, NO_PROXY: 'localhost' }
    const failure = await ask(`http://localhost:${gone.port}`, environment).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'network' })
    expect(String(failure)).toContain(`no answer from localhost:${gone.port}`)
  })

  test('one that makes no sense is refused without its password', async () => {
    const failure = await ask(HTTPS, { HTTPS_PROXY: 'user:geheim@' }).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'bad-remote' })
    expect(String(failure)).not.toContain('geheim')
  })
})
