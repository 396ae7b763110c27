import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  conflict,
  type FaultyS3,
  type FaultyS3Options,
  internalError,
  slowDown,
  startFaultyS3,
} from '../src/index.ts'
import { all, Client } from './client.ts'

const bucket = 'bucket'
const started: FaultyS3[] = []
let server: FaultyS3
let client: Client

async function start(options: FaultyS3Options = {}): Promise<FaultyS3> {
  const faulty = await startFaultyS3({ buckets: [bucket], ...options })
  started.push(faulty)
  return faulty
}

beforeEach(async () => {
  server = await start()
  client = new Client(server, bucket)
})

afterEach(async () => {
  client.close()
  await Promise.all(started.splice(0).map((one) => one.stop()))
})

/** What a client can tell: a status, or that there was no answer. */
async function outcome(reply: Promise<{ readonly status: number }>): Promise<number | string> {
  try {
    return (await reply).status
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

describe('faults', () => {
  test('a dropped request does nothing', async () => {
    const fault = server.inject({ match: 'PutObject', count: 1, fault: { kind: 'drop' } })
    expect(await outcome(client.send('PUT', 'a', { body: 'x' }))).toBe('ECONNRESET')
    expect(await outcome(client.send('HEAD', 'a'))).toBe(404)
    expect(await outcome(client.send('PUT', 'a', { body: 'x' }))).toBe(200)
    expect(fault.hits).toBe(1)
    expect(server.log.map(({ status, fault: kind }) => [status, kind])).toEqual([
      [0, 'drop'],
      [404, undefined],
      [200, undefined],
    ])
  })

  test('after a lost response the write is there, and a second try finds it', async () => {
    server.inject({ match: 'PutObject', count: 1, fault: { kind: 'lose-response' } })
    const create = () =>
      client.send('PUT', 'a', { body: 'mine', headers: { 'if-none-match': '*' } })
    expect(await outcome(create())).toBe('ECONNRESET')
    expect(await outcome(create())).toBe(412)
    expect((await client.send('GET', 'a')).text).toBe('mine')
    expect(server.log[0]).toMatchObject({ status: 200, fault: 'lose-response' })
  })

  test('refusals carry their codes and do nothing, unless they are told to', async () => {
    server.inject({ match: 'PutObject', count: 1, fault: conflict })
    server.inject({ match: 'PutObject', count: 1, fault: internalError })
    server.inject({ match: 'PutObject', count: 1, fault: slowDown(3) })
    const put = () => client.send('PUT', 'a', { body: 'x' })
    const [first, second, third] = [await put(), await put(), await put()]
    expect([first.status, first.code]).toEqual([409, 'ConditionalRequestConflict'])
    expect([second.status, second.code]).toEqual([500, 'InternalError'])
    expect([third.status, third.code, third.headers['retry-after']]).toEqual([503, 'SlowDown', '3'])
    expect(await outcome(client.send('HEAD', 'a'))).toBe(404)
    server.inject({
      match: 'PutObject',
      count: 1,
      fault: { ...slowDown(), kind: 'refuse', status: 503, code: 'SlowDown', acted: true },
    })
    expect(await outcome(put())).toBe(503)
    expect(await outcome(client.send('HEAD', 'a'))).toBe(200)
  })

  test('a body comes slowly', async () => {
    await client.put('a', Buffer.alloc(20_000))
    server.inject({ match: 'GetObject', fault: { kind: 'slow-body', bytesPerSecond: 50_000 } })
    const before = performance.now()
    expect((await client.send('GET', 'a')).body).toHaveLength(20_000)
    expect(performance.now() - before).toBeGreaterThan(300)
  })

  test('a body is cut, of an object and of a listing', async () => {
    await client.put('a', Buffer.alloc(20_000))
    server.inject({ match: 'GetObject', fault: { kind: 'cut-body', after: 7000 } })
    server.inject({ match: 'ListObjectsV2', fault: { kind: 'cut-body' } })
    server.resetCounts()
    expect(await outcome(client.send('GET', 'a'))).toBe('ECONNRESET')
    expect(server.bytes.down).toBe(7000)
    expect(await outcome(client.send('GET', undefined, { query: { 'list-type': '2' } }))).toBe(
      'ECONNRESET',
    )
  })

  test('a bit of a body is wrong, and only of a good answer', async () => {
    await client.put('a', '0123456789')
    server.inject({ match: 'GetObject', fault: { kind: 'flip-bit', at: 3 } })
    const got = await client.send('GET', 'a')
    expect([got.status, got.text]).toEqual([200, '0122456789'])
    expect((await client.send('GET', 'b')).code).toBe('NoSuchKey')
    server.clearFaults()
    expect((await client.send('GET', 'a')).text).toBe('0123456789')
  })

  test('a document ends early, and the connection does not', async () => {
    await client.put('a', '')
    server.inject({ match: 'ListObjectsV2', fault: { kind: 'truncate-document' } })
    const { status, text } = await client.send('GET', undefined, { query: { 'list-type': '2' } })
    expect([status, text.includes('</ListBucketResult>')]).toEqual([200, false])
    expect(text).toContain('<ListBucketResult')
  })

  test('a listing passes keys over only when it is told to', async () => {
    for (const key of ['a', 'b', 'c']) await client.put(key, '')
    const list = async () =>
      all((await client.send('GET', undefined, { query: { 'list-type': '2' } })).text, 'Key')
    expect(await list()).toEqual(['a', 'b', 'c'])
    const fault = server.inject({
      fault: { kind: 'stale-listing', hidden: (key) => key === 'b' },
    })
    expect(await list()).toEqual(['a', 'c'])
    fault.remove()
    expect(await list()).toEqual(['a', 'b', 'c'])
  })

  test('rules choose by request, skip, count and chance', async () => {
    server.inject({ match: ({ key }) => key === 'b', skip: 1, count: 2, fault: internalError })
    const statuses: (number | string)[] = []
    for (const key of ['a', 'b', 'b', 'a', 'b', 'b'])
      statuses.push(await outcome(client.send('PUT', key, { body: 'x' })))
    expect(statuses).toEqual([200, 200, 500, 200, 500, 200])

    const byChance = async (seed: number): Promise<string> => {
      const other = await start({ seed, faults: [{ probability: 0.5, fault: internalError }] })
      const asking = new Client(other, bucket)
      let pattern = ''
      for (let request = 0; request < 40; request++)
        pattern += (await asking.send('HEAD', 'a')).status === 500 ? 'x' : '.'
      asking.close()
      return pattern
    }
    const pattern = await byChance(7)
    expect(pattern).toBe(await byChance(7))
    expect(pattern).not.toBe(await byChance(8))
    expect(pattern.split('x').length - 1).toBeGreaterThan(10)
    expect(pattern.split('x').length - 1).toBeLessThan(30)
  })
})

describe('what the server counts and checks', () => {
  test('requests by operation, and bytes each way', async () => {
    await client.put('a', 'twelve bytes')
    await client.send('GET', 'a')
    await client.send('GET', 'a', { headers: { range: 'bytes=0-1' } })
    await client.send('HEAD', 'a')
    expect(server.requests).toEqual({ PutObject: 1, GetObject: 2, HeadObject: 1 })
    expect(server.bytes).toEqual({ up: 12, down: 14 })
    expect(server.log[0]).toEqual({
      operation: 'PutObject',
      bucket,
      key: 'a',
      status: 200,
      up: 12,
    })
    server.resetCounts()
    expect([server.requests, server.bytes, server.log]).toEqual([{}, { up: 0, down: 0 }, []])
  })

  test('who asks: a wrong secret, an unknown key, no signature, a body that is not the signed one', async () => {
    const as = async (accessKey: string, secretKey: string) => {
      const other = new Client(
        { ...server, endpoint: server.endpoint, accessKey, secretKey },
        bucket,
      )
      const { status, code } = await other.send('GET', 'ä?&=', { query: { prefix: 'a b+c/' } })
      other.close()
      return `${status} ${code}`
    }
    expect(await as(server.accessKey, server.secretKey)).toBe('404 NoSuchKey')
    expect(await as(server.accessKey, 'wrong')).toBe('403 SignatureDoesNotMatch')
    expect(await as('nobody', server.secretKey)).toBe('403 InvalidAccessKeyId')
    const unsigned = await fetch(`${server.endpoint}/${bucket}/a`)
    expect([unsigned.status, await unsigned.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ])
  })

  test('the clocks may differ by a quarter of an hour', async () => {
    const at = async (offset: number, more: FaultyS3Options = {}) => {
      const other = await start({ now: () => Date.now() + offset * 60_000, ...more })
      const asking = new Client(other, bucket)
      const { status, code, headers } = await asking.send('GET', 'a')
      asking.close()
      expect(Math.abs(Date.parse(headers.date ?? '') - Date.now() - offset * 60_000)).toBeLessThan(
        5000,
      )
      return `${status} ${code}`
    }
    expect(await at(14)).toBe('404 NoSuchKey')
    expect(await at(16)).toBe('403 RequestTimeTooSkewed')
    expect(await at(-16)).toBe('403 RequestTimeTooSkewed')
    expect(await at(600, { maximumSkew: Number.POSITIVE_INFINITY })).toBe('404 NoSuchKey')
  })

  test('another region is refused, and the right one named', async () => {
    const other = await start({ region: 'eu-north-1' })
    const asking = new Client(other, bucket)
    const { status, code, text } = await asking.send('GET', 'a')
    asking.close()
    expect([status, code, all(text, 'Region')]).toEqual([
      400,
      'AuthorizationHeaderMalformed',
      ['eu-north-1'],
    ])
  })

  test('what it does not do, it says', async () => {
    expect((await client.send('GET', undefined, { query: { lifecycle: '' } })).status).toBe(501)
    expect((await client.send('GET', undefined)).status).toBe(501)
    expect((await client.send('GET', 'a', { query: { versionId: '1' } })).status).toBe(501)
    const versioning = await client.send('GET', undefined, { query: { versioning: '' } })
    expect([versioning.status, versioning.text.includes('<Status>')]).toEqual([200, false])
    expect((await client.send('HEAD', undefined)).status).toBe(200)
    expect((await new Client(server, 'nothing-here').send('HEAD', undefined)).status).toBe(404)
  })
})
