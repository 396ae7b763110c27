import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { readObject } from '../src/reading.ts'
import { bytesOf, failureOf, OBJECT, signal, store } from './request-store.ts'

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
