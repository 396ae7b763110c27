import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startFaultyGcs } from '../src/index.ts'

/** What lsync rests on in Google's documentation of the JSON API, held by the server in the process. (The suite of providers is held on fake-gcs-server, too.) */
const server = await startFaultyGcs({ buckets: ['bucket'] })
afterAll(() => server.stop())

const QUANTUM = 256 * 1024
let count = 0
let key: string
beforeEach(() => {
  key = `a/b ${++count}`
})

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Record<string, unknown>
}

async function send(method: string, path: string, init: RequestInit = {}): Promise<Reply> {
  const answer = await fetch(path.startsWith('http') ? path : server.endpoint + path, {
    method,
    redirect: 'manual',
    ...init,
  })
  const text = await answer.text()
  const isJson =
    text !== '' && answer.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

function object(name = key, query = ''): string {
  return `/storage/v1/b/bucket/o/${encodeURIComponent(name)}${query}`
}

function put(text: string, query = ''): Promise<Reply> {
  const path = `/upload/storage/v1/b/bucket/o?uploadType=media&name=${encodeURIComponent(key)}${query}`
  return send('POST', path, { body: text })
}

async function begin(query = '', resource: object = {}): Promise<string> {
  const { status, headers } = await send(
    'POST',
    `/upload/storage/v1/b/bucket/o?uploadType=resumable&name=${encodeURIComponent(key)}${query}`,
    { body: JSON.stringify(resource) },
  )
  expect(status).toBe(200)
  return headers.get('location') ?? ''
}

function chunk(session: string, range: string, body?: Uint8Array, hash?: string): Promise<Reply> {
  const headers = {
    'content-range': `bytes ${range}`,
    ...(hash === undefined ? {} : { 'x-goog-hash': hash }),
  }
  return send('PUT', session, {
    headers,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  })
}

describe('conditions', () => {
  test('are held on writes, reads and removals, with 0 for nothing', async () => {
    expect((await put('x', '&ifGenerationMatch=1')).status).toBe(412)
    const { generation } = (await put('x', '&ifGenerationMatch=0')).json
    expect((await put('y', '&ifGenerationMatch=0')).status).toBe(412)
    for (const method of ['GET', 'DELETE'])
      expect((await send(method, object(key, '?ifGenerationMatch=1'))).status).toBe(412)
    expect(
      (await send('GET', object(key, `?ifGenerationNotMatch=${String(generation)}`))).status,
    ).toBe(304)
    expect((await send('GET', object(key, '?generation=1'))).status).toBe(404)
    expect(
      (await send('DELETE', object(key, `?ifGenerationMatch=${String(generation)}`))).status,
    ).toBe(204)
    expect((await send('DELETE', object())).status).toBe(404)
  })

  test('another metageneration of the same generation', async () => {
    const { generation, metageneration } = (await put('x')).json
    const patched = await send(
      'PATCH',
      object(key, `?ifMetagenerationMatch=${String(metageneration)}`),
      {
        body: '{"metadata":{"a":"b"}}',
      },
    )
    expect(patched.json).toMatchObject({ generation, metageneration: '2', metadata: { a: 'b' } })
  })
})

describe('upload sessions', () => {
  const bytes = Buffer.alloc(QUANTUM + 10, 7)

  test('say how far they are, and end by the total', async () => {
    const session = await begin()
    const fresh = await chunk(session, '*/*')
    expect([fresh.status, fresh.headers.get('range')]).toEqual([308, null])
    const first = await chunk(session, `0-${QUANTUM - 1}/*`, bytes.subarray(0, QUANTUM))
    expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${QUANTUM - 1}`])
    // What it has is passed over.
    const again = await chunk(session, `0-${QUANTUM - 1}/*`, bytes.subarray(0, QUANTUM))
    expect(again.headers.get('range')).toBe(`bytes=0-${QUANTUM - 1}`)
    const last = await chunk(
      session,
      `${QUANTUM}-${QUANTUM + 9}/${QUANTUM + 10}`,
      bytes.subarray(QUANTUM),
    )
    expect([last.status, last.json['size']]).toEqual([200, String(QUANTUM + 10)])
    // Ended: told again, and nothing changes.
    const asked = await chunk(session, '*/*')
    expect([asked.status, asked.json['generation']]).toEqual([200, last.json['generation']])
  })

  test('take multiples of 256 KiB, no gaps, and just the bytes that were announced', async () => {
    const session = await begin()
    expect((await chunk(session, '0-9/*', bytes.subarray(0, 10))).status).toBe(400)
    expect((await chunk(session, '0-19/20', bytes.subarray(0, 10))).status).toBe(400)
    const gap = await chunk(
      session,
      `${QUANTUM}-${QUANTUM + 9}/${QUANTUM + 10}`,
      bytes.subarray(QUANTUM),
    )
    expect(gap.status).toBe(503)
    expect((await chunk(session, 'all')).status).toBe(400)
    expect((await chunk(session, '*/*')).headers.get('range')).toBeNull()
  })

  test('end without bytes, under the condition and the checksum', async () => {
    const whole = Buffer.alloc(QUANTUM, 7)
    const refused = await begin('&ifGenerationMatch=0')
    await chunk(refused, `0-${QUANTUM - 1}/*`, whole)
    await put('another was faster')
    expect((await chunk(refused, `*/${QUANTUM}`)).status).toBe(412)
    expect((await chunk(refused, '*/*')).status).toBe(410)
    const wrong = await begin()
    await chunk(wrong, `0-${QUANTUM - 1}/*`, whole)
    const answer = await chunk(wrong, `*/${QUANTUM}`, undefined, 'crc32c=AAAAAA==')
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('CRC32C')])
    const right = await begin()
    await chunk(right, `0-${QUANTUM - 1}/*`, whole)
    expect((await chunk(right, `*/${QUANTUM}`)).json['size']).toBe(String(QUANTUM))
  })

  test('that are given up are gone', async () => {
    const session = await begin()
    expect((await send('DELETE', session)).status).toBe(499)
    expect((await chunk(session, '*/*')).status).toBe(410)
  })
})

describe('the rest', () => {
  test('a range of bytes; behind the end there is none', async () => {
    await put('0123456789')
    const part = await send('GET', object(key, '?alt=media'), { headers: { range: 'bytes=2-4' } })
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ])
    const none = await send('GET', object(key, '?alt=media'), { headers: { range: 'bytes=10-' } })
    expect(none.status).toBe(416)
  })

  test('a part of an answer, as it was asked for', async () => {
    await put('x')
    const { json } = await send(
      'GET',
      `/storage/v1/b/bucket/o?fields=kind,items(name,size)&prefix=a%2Fb`,
    )
    expect(json['kind']).toBe('storage#objects')
    expect((json['items'] as object[]).at(-1)).toEqual({
      name: expect.any(String),
      size: expect.any(String),
    })
  })

  test('what it does not do, it says', async () => {
    expect((await send('GET', '/storage/v1/b/bucket/o?delimiter=/')).status).toBe(501)
    expect((await send('GET', '/storage/v1/b/bucket/acl')).status).toBe(501)
    expect((await send('GET', '/storage/v1/b/nothing-here/o')).json).toMatchObject({
      error: { code: 404, message: 'The specified bucket does not exist.' },
    })
  })
})
