import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WrongRegion } from '../src/errors.ts'
import { headObject } from '../src/reading.ts'
import { putObject } from '../src/writing.ts'
import { bytesOf, failureOf, OBJECT, signal, store } from './request-store.ts'

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
