import { setTimeout as sleep } from 'node:timers/promises'
import { isStorageError, type StorageError } from '@lsync/core/provider'
import { afterEach, describe, expect, test } from 'vitest'
import type { Connections } from '@lsync/http'
import type { Listening } from '@lsync/servers'
import { WrongRegion } from '../src/errors.ts'
import { listObjects } from '../src/listing.ts'
import { headObject, readObject } from '../src/reading.ts'
import type { Requester } from '../src/request.ts'
import { putObject } from '../src/writing.ts'
import { fake, type Handler, requesterTo } from './fake.ts'

const signal = new AbortController().signal
const started: { stop(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()))
})

async function store(
  handler: Handler,
  silence = 60_000,
): Promise<{ readonly requester: Requester; readonly server: Listening }> {
  const server = await fake(handler)
  const { requester, connections } = await requesterTo(
    `http://127.0.0.1:${server.port}`,
    {},
    { connect: 1000, silence },
  )
  started.push({ stop: () => closing(connections, server) })
  return { requester, server }
}

async function closing(connections: Connections, server: Listening): Promise<void> {
  await connections.destroy()
  await server.stop()
}

async function failureOf(operation: Promise<unknown>): Promise<StorageError> {
  try {
    await operation
  } catch (error) {
    if (isStorageError(error)) return error
    throw error
  }
  throw new Error('it succeeded')
}

const OBJECT = {
  etag: '"0123456789abcdef0123456789abcdef"',
  'last-modified': 'Tue, 24 Nov 2026 14:15:16 GMT',
}

async function bytesOf(requester: Requester, options = {}): Promise<Buffer> {
  const { body } = await readObject(requester, 'a', { signal, ...options })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a request', () => {
  test('is signed, goes to the key below the prefix, and is sent once', async () => {
    const seen: string[] = []
    const { requester } = await store((request, response) => {
      seen.push(
        `${request.method} ${request.url} ${String(request.headers['x-amz-content-sha256'])}`,
      )
      expect(request.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIATEST/)
      response
        .writeHead(500)
        .end('<Error><Code>InternalError</Code><Message>sorry</Message></Error>')
    })
    const error = await failureOf(
      requester.sendOnly({ method: 'DELETE', key: 'a b+ü/?#', query: { x: '1/2' }, signal }),
    )
    expect(error).toMatchObject({
      code: 'server',
      key: 'a b+ü/?#',
      detail: 'status 500, InternalError',
    })
    expect(seen).toEqual([
      'DELETE /bucket/pre/a%20b%2B%C3%BC/%3F%23?x=1%2F2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ])
  })

  test('no secret is in any error', async () => {
    const { requester } = await store((_, response) => {
      response
        .writeHead(403)
        .end('<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>')
    })
    const error = await failureOf(requester.sendOnly({ method: 'PUT', key: 'a', signal }))
    expect(error.code).toBe('unauthenticated')
    expect(JSON.stringify([error.message, error.detail, error.stack])).not.toMatch(
      /geheim|Signature=/,
    )
  })

  test.each([
    [301, { 'x-amz-bucket-region': 'eu-west-1' }, '', 'eu-west-1'],
    [
      400,
      {},
      '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>',
      'eu-west-1',
    ],
    [301, {}, '', undefined],
  ])(
    'the right region is told apart from other refusals: %i',
    async (status, headers, body, region) => {
      const { requester } = await store((_, response) => {
        response.writeHead(status, headers).end(body)
      })
      const error = await failureOf(requester.sendOnly({ method: 'GET', signal }))
      expect(error).toBeInstanceOf(WrongRegion)
      expect(error).toMatchObject({ code: 'bad-remote', region })
    },
  )

  test('a server that goes silent is no answer, also in the middle of one', async () => {
    const { requester } = await store((request, response) => {
      if (request.method === 'GET')
        response.writeHead(200, { ...OBJECT, 'content-length': '1000000' }).write('12345')
    }, 300)
    expect((await failureOf(requester.sendOnly({ method: 'DELETE', key: 'a', signal }))).code).toBe(
      'network',
    )
    expect((await failureOf(bytesOf(requester))).code).toBe('network')
  })

  test('a line that is slow is not silent', async () => {
    const { requester } = await store((request, response) => {
      void (async () => {
        let received = 0
        for await (const chunk of request as AsyncIterable<Uint8Array>) {
          received += chunk.length
          await sleep(2)
        }
        response.writeHead(200, { ...OBJECT, 'x-received': String(received) }).end()
      })()
    }, 400)
    const began = performance.now()
    const size = 32 * 1024 * 1024
    const { headers } = await requester.sendOnly({
      method: 'PUT',
      key: 'a',
      body: new Uint8Array(size),
      length: size,
      signal,
    })
    expect(headers['x-received']).toBe(String(size))
    expect(performance.now() - began).toBeGreaterThan(800)
  })

  test('a HEAD that is refused without a word is asked again with one', async () => {
    const { requester } = await store((request, response) => {
      response.writeHead(400)
      if (request.method === 'HEAD') response.end()
      else response.end('<Error><Code>ExpiredToken</Code><Message>it ended</Message></Error>')
    })
    expect(await failureOf(headObject(requester, 'a', { signal }))).toMatchObject({
      code: 'unauthenticated',
      message: 'a: ExpiredToken: it ended',
    })
  })

  test('keys that mean different things to different servers are not sent', async () => {
    let requests = 0
    const { requester } = await store((_, response) => {
      requests++
      response.end()
    })
    for (const key of ['a//b', '../a', 'a\0'])
      expect((await failureOf(requester.sendOnly({ method: 'GET', key, signal }))).code).toBe(
        'bad-key',
      )
    expect(requests).toBe(0)
  })

  test('nothing that listens is told with its address', async () => {
    const { requester, server } = await store(() => undefined)
    await server.stop()
    const error = await failureOf(headObject(requester, 'a', { signal }))
    expect(error.code).toBe('network')
    expect(error.message).toBe(`no answer from 127.0.0.1:${server.port}: nothing listens there`)
  })

  test('the error of a source comes through as it is', async () => {
    const { requester } = await store((request, response) => {
      request.resume().on('end', () => response.writeHead(200, OBJECT).end())
    })
    const mine = new Error('the file changed')
    const source = {
      size: 100_000,
      digests: {},
      async *open() {
        yield new Uint8Array(50_000)
        throw mine
      },
    }
    await expect(
      putObject(requester, 'a', source, {
        signal,
        expect: { kind: 'absent' },
        metadata: { user: {} },
        extra: {},
      }),
    ).rejects.toBe(mine)
  })

  test('a refusal is one, also where its reason is torn', async () => {
    const { requester } = await store((_, response) => {
      response.writeHead(413, { 'content-length': '1000' }).write('<Error>')
      setTimeout(() => response.destroy(), 20)
    })
    const error = await failureOf(requester.sendOnly({ method: 'PUT', key: 'a', signal }))
    expect(error.code).toBe('too-large')
  })

  test('an abort comes through as it is, before and in between', async () => {
    const { requester } = await store(() => undefined)
    const reason = new Error('stop')
    await expect(headObject(requester, 'a', { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
    const stop = new AbortController()
    setTimeout(() => stop.abort(reason), 50)
    await expect(headObject(requester, 'a', { signal: stop.signal })).rejects.toBe(reason)
  })
})

describe('a body', () => {
  test('that is torn, or shorter or longer than it should be, throws', async () => {
    let length = '10'
    let text = '12345'
    const { requester } = await store((_, response) => {
      response.writeHead(206, {
        ...OBJECT,
        'content-range': `bytes 0-9/${length}`,
        connection: 'close',
      })
      response.write(text)
      if (text === 'torn') response.destroy()
      else response.end()
    })
    expect((await failureOf(bytesOf(requester, { length: 10 }))).code).toBe('network')
    text = 'torn'
    expect((await failureOf(bytesOf(requester, { length: 10 }))).code).toBe('network')
    text = '12345678901'
    expect((await failureOf(bytesOf(requester, { length: 10 }))).code).toBe('network')
    text = '1234567890'
    expect((await bytesOf(requester, { length: 10 })).length).toBe(10)
    length = '11'
    expect((await failureOf(bytesOf(requester, { length: 11 }))).code).toBe('network')
  })

  test('of another version or another range is refused', async () => {
    const { requester } = await store((_, response) => {
      response
        .writeHead(206, { ...OBJECT, 'content-range': 'bytes 0-4/10', 'content-length': '5' })
        .end('12345')
    })
    expect((await failureOf(bytesOf(requester, { version: 'other', length: 5 }))).code).toBe(
      'precondition-failed',
    )
    expect((await failureOf(bytesOf(requester, { from: 3, length: 5 }))).code).toBe('unexpected')
  })

  test('that nobody reads gives its connection back', async () => {
    let requests = 0
    const { requester } = await store((_, response) => {
      requests++
      response.writeHead(200, { ...OBJECT, 'content-length': '10000000' })
      response.write(new Uint8Array(1_000_000))
    })
    // More than there are connections.
    for (let index = 0; index < 40; index++) {
      const { body } = await readObject(requester, 'a', { signal })
      const iterator = body[Symbol.asyncIterator]()
      await iterator.return?.()
    }
    expect(requests).toBe(40)
  })

  test('an abort while nobody reads does no harm', async () => {
    const { requester } = await store((_, response) => {
      response.writeHead(200, { ...OBJECT, 'content-length': '1000000' }).write('12345')
    })
    const stop = new AbortController()
    const { body } = await readObject(requester, 'a', { signal: stop.signal })
    const reason = new Error('stop')
    stop.abort(reason)
    await sleep(20)
    await expect(body[Symbol.asyncIterator]().next()).rejects.toBe(reason)
  })
})

describe('a listing', () => {
  const entry = (key: string): string =>
    `<Contents><Key>pre/${key}</Key><LastModified>2026-11-24T14:15:16.789Z</LastModified><ETag>x</ETag><Size>1</Size></Contents>`
  const page = (keys: string[], token?: string): string =>
    `<ListBucketResult>${keys.map(entry).join('')}<IsTruncated>${token !== undefined}</IsTruncated>${token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}</ListBucketResult>`
  const list = async (requester: Requester, range = {}): Promise<string[]> => {
    const keys: string[] = []
    for await (const infos of listObjects(requester, 'pre/', { prefix: '', ...range }, { signal }))
      keys.push(...infos.map(({ key }) => key))
    return keys
  }

  test.each([
    ['within a page', [page(['b', 'a'])], {}],
    ['between pages', [page(['a', 'b'], 't'), page(['b', 'c'])], {}],
    ['before the place it was to begin at', [page(['a', 'b'])], { after: 'a' }],
    ['of keys that were not asked for', [page(['x/a'])], { prefix: 'y/' }],
  ])('out of order %s is refused', async (_, pages, range) => {
    let next = 0
    const { requester } = await store((__, response) => {
      response.end(pages[next++])
    })
    expect((await failureOf(list(requester, range))).code).toBe('unexpected')
  })

  test('a page that fails, fails the listing', async () => {
    const { requester } = await store((request, response) => {
      if (request.url?.includes('continuation-token') === true)
        response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
      else response.end(page(['a'], 't'))
    })
    expect((await failureOf(list(requester))).code).toBe('throttled')
  })

  test('that nobody reads on gives up the page that it asked for ahead', async () => {
    let asked = false
    let given = false
    const { requester } = await store((request, response) => {
      if (request.url?.includes('continuation-token') !== true)
        return response.end(page(['a'], 't'))
      asked = true
      return response.on('close', () => {
        given = true
      })
    })
    for await (const infos of listObjects(requester, 'pre/', { prefix: '' }, { signal })) {
      expect(infos.map(({ key }) => key)).toEqual(['a'])
      await expect.poll(() => asked).toBe(true)
      break
    }
    await expect.poll(() => given).toBe(true)
  })
})
