import { connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type DelayProxyOptions, startDelayProxy, startFaultyS3 } from '../src/index.ts'
import { Client } from './client.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function behind(options: Omit<DelayProxyOptions, 'target'> = {}) {
  const server = await startFaultyS3({ buckets: ['bucket'] })
  stops.push(() => server.stop())
  const proxy = await startDelayProxy({ target: server.endpoint, ...options })
  stops.push(() => proxy.stop())
  const { accessKey, secretKey } = server
  const client = new Client({ endpoint: proxy.endpoint, accessKey, secretKey }, 'bucket')
  return { server, proxy, client }
}

async function milliseconds(operation: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await operation()
  return performance.now() - before
}

/** The machine may be busy, which makes things slower and never faster. */
async function fastest(operation: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let attempt = 0; attempt < 5; attempt++) times.push(await milliseconds(operation))
  return Math.min(...times)
}

const MIB = 1024 * 1024

test('bytes pass unchanged, signatures too, and are counted', async () => {
  const { server, proxy, client } = await behind()
  const bytes = Buffer.from(Array.from({ length: 3 * MIB }, (_, index) => index * 7))
  await client.put('a', bytes)
  expect((await client.send('GET', 'a')).body.equals(bytes)).toBe(true)
  for (const direction of ['up', 'down'] as const) {
    expect(proxy.bytes[direction]).toBeGreaterThan(server.bytes[direction])
    expect(proxy.bytes[direction]).toBeLessThan(server.bytes[direction] + 3000)
  }
  expect(proxy.connections).toBe(1)
})

test('a delay counts once each way, and not once a piece', async () => {
  const { proxy, client } = await behind({ delay: 100 })
  await client.put('a', Buffer.alloc(2 * MIB))
  const head = await fastest(() => client.send('HEAD', 'a'))
  expect(head).toBeGreaterThanOrEqual(200)
  expect(head).toBeLessThan(400)
  expect(await fastest(() => client.send('GET', 'a'))).toBeLessThan(2000)
  proxy.set({ delay: 0 })
  expect(await fastest(() => client.send('HEAD', 'a'))).toBeLessThan(200)
})

test('a rate holds for all connections together', async () => {
  const { client } = await behind({ rate: 4 * MIB })
  const both = () => Promise.all(['a', 'b'].map((key) => client.put(key, Buffer.alloc(MIB))))
  const took = await fastest(both)
  expect(took).toBeGreaterThanOrEqual(480)
  expect(took).toBeLessThan(1500)
})

test('one byte down: the server has acted, and the response is lost', async () => {
  const { server, proxy, client } = await behind({ cut: { direction: 'down', after: 1 } })
  await expect(client.put('a', 'content')).rejects.toThrow(/hang up|ECONNRESET|EPIPE/)
  expect(server.log.map(({ operation, status }) => [operation, status])).toEqual([
    ['PutObject', 200],
  ])
  expect([proxy.cuts, proxy.bytes.down]).toEqual([1, 1])
  expect((await client.send('GET', 'a')).text).toBe('content')
})

test('an upload is cut after so many bytes, once', async () => {
  const { server, proxy, client } = await behind()
  proxy.cutAfter({ direction: 'up', after: MIB })
  await expect(client.put('a', Buffer.alloc(3 * MIB))).rejects.toThrow(/hang up|ECONNRESET|EPIPE/)
  expect(proxy.bytes.up).toBe(MIB)
  expect((await client.send('HEAD', 'a')).status).toBe(404)
  await client.put('a', Buffer.alloc(3 * MIB))
  expect(server.requests).toEqual({ PutObject: 2, HeadObject: 1 })
})

test('a line may refuse, and swallow', async () => {
  const { proxy, client } = await behind({ refuse: true })
  await expect(client.send('HEAD', 'a')).rejects.toThrow(/hang up|ECONNRESET|EPIPE/)
  proxy.set({ refuse: false, blackhole: true })
  const silent = client.send('HEAD', 'a').catch(() => 'ended')
  const first = await Promise.race([
    silent,
    new Promise((resolve) => setTimeout(resolve, 200, 'silence')),
  ])
  expect(first).toBe('silence')
  proxy.cutAll()
  expect(await silent).toBe('ended')
})

test('the end of one direction leaves the other open', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = ''
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    socket.once('end', () => socket.end(`heard ${heard}`))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  stops.push(() => new Promise((resolve) => server.close(() => resolve())))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const proxy = await startDelayProxy({ target: `http://127.0.0.1:${port}`, delay: 5 })
  stops.push(() => proxy.stop())
  const socket: Socket = connect({ host: '127.0.0.1', port: Number(new URL(proxy.endpoint).port) })
  socket.end('this')
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  expect(answer).toBe('heard this')
})
