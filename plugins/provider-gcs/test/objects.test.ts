import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Fault, GcsOperation, GcsRequest } from '@lsync/servers'
import { afterEach, describe, expect, test } from 'vitest'
import { ABSENT, contentOf, MIB, newStore, NOTHING, signal, sourceOf } from './store.ts'

const { server, open } = await newStore({ rewriteSize: MIB })
const provider = await open()

afterEach(() => {
  server.clearFaults()
})

function write(key: string, bytes: Uint8Array, metadata: object = NOTHING) {
  return provider.write(key, sourceOf(bytes), {
    signal,
    expect: ABSENT,
    metadata: { ...NOTHING, ...metadata },
  })
}

/** What is asked for by one operation. */
function requestsOf(operation: GcsOperation): GcsRequest[] {
  const seen: GcsRequest[] = []
  server.inject({
    fault: { kind: 'drop' },
    match(request) {
      if (request.operation === operation) seen.push(request)
      return false
    },
  })
  return seen
}

describe('copies', () => {
  test('carry both conditions and the metadata in every call', async () => {
    const bytes = randomBytes(3 * MIB)
    const source = await write('copied', bytes, { user: { old: '1' }, contentType: 'text/x-old' })
    const calls = requestsOf('RewriteObject')
    const metadata = { user: { author: 'é "日本"' }, contentType: 'text/x-new' }
    const info = await provider.copy!(source, 'copy', {
      signal,
      expect: ABSENT,
      metadata,
      size: bytes.length,
    })
    expect(calls).toHaveLength(3)
    for (const { query } of calls) {
      expect(query.get('ifGenerationMatch')).toBe('0')
      expect(query.get('ifSourceGenerationMatch')).toBe(source.version)
    }
    expect(await provider.head('copy', { signal })).toEqual({ ...info, metadata })
    expect((await contentOf(provider, 'copy')).equals(bytes)).toBe(true)
  })

  test('that another client overtakes between two calls change nothing', async () => {
    const bytes = randomBytes(2 * MIB)
    const source = await write('overtaken', bytes)
    const late = server.inject({
      match: 'RewriteObject',
      skip: 1,
      count: 1,
      fault: { kind: 'refuse', status: 503, code: 'backendError' },
    })
    const copy = () =>
      provider.copy!(source, 'overtaken copy', {
        signal,
        expect: ABSENT,
        metadata: NOTHING,
        size: bytes.length,
      })
    await expect(copy()).rejects.toMatchObject({ code: 'server' })
    expect(late.hits).toBe(1)
    await write('overtaken copy', Buffer.from('faster'))
    await expect(copy()).rejects.toMatchObject({ code: 'precondition-failed' })
    expect((await contentOf(provider, 'overtaken copy')).toString()).toBe('faster')
  })
})

describe('reads', () => {
  test('give what is stored, also of what is stored compressed', async () => {
    const packed = gzipSync(Buffer.from('plain text '.repeat(100)))
    await write('packed', packed, { contentEncoding: 'gzip', contentType: 'text/plain' })
    expect((await contentOf(provider, 'packed')).equals(packed)).toBe(true)
    expect((await provider.head('packed', { signal }))?.metadata).toEqual({
      user: {},
      contentEncoding: 'gzip',
      contentType: 'text/plain',
    })
  })

  test('that were damaged on the way are none: a small one may be tried again, of a large one nothing counts', async () => {
    await write('small', randomBytes(1000))
    await write('larger', randomBytes(MIB))
    server.inject({ match: 'ReadObject', fault: { kind: 'flip-bit' } })
    await expect(contentOf(provider, 'small')).rejects.toMatchObject({ code: 'network' })
    await expect(contentOf(provider, 'larger')).rejects.toMatchObject({ code: 'bad-digest' })
  })

  test('of one version in ranges ask for its metadata once', async () => {
    const { version } = await write('ranges', randomBytes(1000), { user: { a: 'b' } })
    server.resetCounts()
    for (let from = 0; from < 1000; from += 100) {
      const { info, body } = await provider.read('ranges', { signal, version, from, length: 100 })
      for await (const _ of body) void _
      expect(info.metadata).toEqual({ user: { a: 'b' } })
    }
    expect(server.requests).toEqual({ ReadObject: 10, GetObject: 1 })
  })

  test('see that metadata alone changed', async () => {
    const { version, fingerprint } = await write('patched', randomBytes(10))
    await provider.head('patched', { signal })
    await fetch(`${server.endpoint}/storage/v1/b/bucket/o/pre%2Fpatched`, {
      method: 'PATCH',
      body: JSON.stringify({ metadata: { executable: 'true' } }),
    })
    const { info, body } = await provider.read('patched', { signal, version })
    for await (const _ of body) void _
    expect(info.version).toBe(version)
    expect(info.fingerprint).not.toBe(fingerprint)
    expect(info.metadata?.user).toEqual({ executable: 'true' })
  })

  test('are refused where the object is another by the time that its metadata comes', async () => {
    const first = await write('moving', Buffer.from('first'))
    server.inject({ match: 'GetObject', count: 1, fault: { kind: 'drop' } })
    await expect(provider.read('moving', { signal })).rejects.toMatchObject({ code: 'network' })
    await provider.remove('moving', { signal, expect: first.version })
    await expect(provider.read('moving', { signal, version: first.version })).rejects.toMatchObject(
      { code: 'not-found' },
    )
  })
})

describe('writes', () => {
  test('say what they are before they come: one request, with condition and checksum', async () => {
    const calls = requestsOf('InsertObject')
    server.resetCounts()
    await write('one', randomBytes(1000))
    expect(server.requests).toEqual({ InsertObject: 1 })
    expect(calls[0]?.query.get('ifGenerationMatch')).toBe('0')
    server.inject({ match: 'InsertObject', fault: { kind: 'flip-bit-up' } })
    await expect(write('damaged', randomBytes(1000))).rejects.toMatchObject({ code: 'bad-digest' })
    expect(await provider.head('damaged', { signal })).toBeUndefined()
  })

  test('with too much metadata are the problem of that path', async () => {
    await expect(
      write('heavy', Buffer.from('x'), { user: { note: 'x'.repeat(9000) } }),
    ).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('listings', () => {
  test.each([
    ['cut', { kind: 'cut-body' }, 'network'],
    ['shortened', { kind: 'truncate-document' }, 'server'],
    ['refused', { kind: 'refuse', status: 403, code: 'forbidden' }, 'forbidden'],
  ] as const)('that are %s are none', async (_, fault, code) => {
    await write(`listed/${code}`, Buffer.from('x'))
    server.inject({ match: 'ListObjects', fault })
    const all = (async () => {
      for await (const page of provider.list({ prefix: 'listed/' }, { signal })) void page
    })()
    await expect(all).rejects.toMatchObject({ code })
  })
})

/** By 308 an upload session waits for more; from anything else it is a redirection, and nothing was done. */
describe('a redirection is never taken for success', () => {
  const redirected: Fault = { kind: 'refuse', status: 308, code: 'redirected' }
  test.each<[GcsOperation, (key: string, version: string) => Promise<unknown>]>([
    ['DeleteObject', (key, version) => provider.remove(key, { signal, expect: version })],
    ['GetObject', (key) => provider.head(key, { signal })],
    ['ReadObject', (key) => contentOf(provider, key)],
    ['InsertObject', (key) => write(`${key}-other`, randomBytes(10))],
    [
      'ListObjects',
      async () => {
        for await (const page of provider.list({ prefix: '' }, { signal })) void page
      },
    ],
  ])('%s', async (operation, act) => {
    const { key, version } = await write(`redirected-${operation}`, randomBytes(10))
    const fault = server.inject({ match: operation, fault: redirected })
    await expect(act(key, version)).rejects.toMatchObject({
      code: 'unexpected',
      detail: 'status 308, redirected',
    })
    expect(fault.hits).toBe(1)
    server.clearFaults()
    expect(await provider.head(key, { signal })).toMatchObject({ version })
  })
})
