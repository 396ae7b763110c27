import { randomBytes } from 'node:crypto'
import type { UploadSession, UploadToken } from '@lsync/core/provider'
import { sessionGone } from '@lsync/servers'
import { afterEach, describe, expect, test } from 'vitest'
import { ABSENT, contentOf, MIB, newStore, NOTHING, sha256Of, signal, sourceOf } from './store.ts'

const { server, open } = await newStore()
const provider = await open()
const other = await open()
const uploads = provider.uploads!
const bytes = randomBytes(9 * MIB + 7)
let count = 0

afterEach(() => {
  server.clearFaults()
})

function begin(key: string, sha256 = sha256Of(bytes)): Promise<UploadSession> {
  return uploads.begin(key, {
    signal,
    size: bytes.length,
    digests: { sha256 },
    expect: ABSENT,
    metadata: NOTHING,
  })
}

async function sendMissing(session: UploadSession, content = bytes): Promise<void> {
  for (const range of await session.missing({ signal }))
    await session.put(range, sourceOf(content.subarray(range.from, range.to), {}), { signal })
}

/** As another process has it. */
function written(session: UploadSession): UploadToken {
  return JSON.parse(JSON.stringify(session.token)) as UploadToken
}

function newKey(): string {
  return `upload ${++count}/ä#?`
}

describe('an upload session', () => {
  test('goes up in order, a part to a request, and the last of it by the commit', async () => {
    const key = newKey()
    server.resetCounts()
    const session = await begin(key)
    expect(session.parallel).toBe(false)
    await sendMissing(session)
    expect(await provider.head(key, { signal })).toBeUndefined()
    const info = await session.commit({ signal })
    expect(info).toMatchObject({ key, size: bytes.length })
    expect(server.requests).toEqual({ BeginUpload: 1, PutUpload: 3, GetObject: 1 })
    expect((await provider.head(key, { signal }))?.fingerprint).toBe(info.fingerprint)
    expect((await contentOf(provider, key)).equals(bytes)).toBe(true)
  })

  test('asks the store where an answer was lost, and sends only what it does not have', async () => {
    const key = newKey()
    const session = await begin(key)
    const [first, second] = await session.missing({ signal })
    const source = sourceOf(bytes.subarray(0, 8 * MIB), {})
    server.inject({ match: 'PutUpload', count: 1, fault: { kind: 'lose-response' } })
    await expect(session.put(first!, source, { signal })).rejects.toMatchObject({ code: 'network' })
    server.resetCounts()
    await session.put(first!, source, { signal })
    expect(server.requests).toEqual({ QueryUpload: 1 })
    expect(await session.missing({ signal })).toEqual([second])
    await sendMissing(session)
    await session.commit({ signal })
    expect((await contentOf(provider, key)).equals(bytes)).toBe(true)
  })

  test('goes on in the middle of a part', async () => {
    const key = newKey()
    const session = await begin(key)
    server.inject({ match: 'PutUpload', count: 1, fault: { kind: 'keep-part', bytes: 3 * MIB } })
    server.inject({ match: 'PutUpload', count: 1, fault: { kind: 'drop' } })
    const first = { from: 0, to: 8 * MIB }
    const failing = session.put(first, sourceOf(bytes.subarray(0, 8 * MIB), {}), { signal })
    await expect(failing).rejects.toMatchObject({ code: 'network' })
    const resumed = await other.uploads!.resume(written(session), { signal })
    expect(await resumed.missing({ signal })).toEqual([
      { from: 3 * MIB, to: 8 * MIB },
      { from: 8 * MIB, to: bytes.length },
    ])
    await sendMissing(resumed)
    await resumed.commit({ signal })
    expect((await contentOf(provider, key)).equals(bytes)).toBe(true)
  })

  test('that another process ended is known as done, by its token alone', async () => {
    const key = newKey()
    const session = await begin(key)
    await sendMissing(session)
    server.inject({ match: 'PutUpload', count: 1, fault: { kind: 'lose-response' } })
    await expect(session.commit({ signal })).rejects.toMatchObject({ code: 'network' })
    const resumed = await other.uploads!.resume(written(session), { signal })
    expect(await resumed.missing({ signal })).toEqual([])
    server.resetCounts()
    const info = await resumed.commit({ signal })
    expect(server.requests).toEqual({})
    expect(info).toEqual(await session.commit({ signal }))
    await resumed.abort({ signal })
    expect((await contentOf(provider, key)).equals(bytes)).toBe(true)
  })

  test('brings its checksum along, so that the store checks what two processes sent', async () => {
    const key = newKey()
    const session = await begin(key)
    const [first] = await session.missing({ signal })
    server.inject({ match: 'PutUpload', count: 1, fault: { kind: 'flip-bit-up', at: 12_345 } })
    await session.put(first!, sourceOf(bytes.subarray(0, first!.to), {}), { signal })
    const resumed = await other.uploads!.resume(written(session), { signal })
    await sendMissing(resumed)
    await expect(resumed.commit({ signal })).rejects.toMatchObject({ code: 'bad-digest' })
    expect(await provider.head(key, { signal })).toBeUndefined()
  })

  test('ends only with the content that was announced at its beginning', async () => {
    const key = newKey()
    const session = await begin(key, sha256Of(Buffer.from('something else')))
    await sendMissing(session)
    await expect(session.commit({ signal })).rejects.toMatchObject({ code: 'bad-digest' })
    expect(await provider.head(key, { signal })).toBeUndefined()
  })

  test('that the store has forgotten is lost', async () => {
    const session = await begin(newKey())
    server.inject({ match: 'QueryUpload', fault: sessionGone })
    await expect(uploads.resume(written(session), { signal })).rejects.toMatchObject({
      code: 'upload-lost',
    })
  })

  test('is refused at its beginning where it could not end', async () => {
    const key = newKey()
    await provider.write(key, sourceOf(Buffer.from('x')), {
      signal,
      expect: ABSENT,
      metadata: NOTHING,
    })
    await expect(begin(key)).rejects.toMatchObject({ code: 'precondition-failed' })
  })

  test.each([
    { key: 'a', session: 'https://elsewhere/upload/', size: 1 },
    { key: 'a', session: '//elsewhere/upload/', size: 1 },
    { key: 'a', session: '/storage/v1/b/bucket/o/a', size: 1 },
    { key: 'a', session: '/upload/x' },
    {},
  ])('is never asked for at another address: %j', async (token) => {
    server.resetCounts()
    await expect(uploads.resume(token as UploadToken, { signal })).rejects.toMatchObject({
      code: 'upload-lost',
    })
    expect(server.requests).toEqual({})
  })

  test('cannot be found by listing', async () => {
    await begin(newKey())
    const pending = []
    for await (const one of uploads.listPending({ signal })) pending.push(one)
    expect(pending).toEqual([])
  })
})
