import { createHash } from 'node:crypto'
import { type Expect, isStorageError, isTemporary, type ObjectInfo } from '@lsync/core/provider'
import type { Answer } from '@lsync/http'
import { describe, expect, test } from 'vitest'
import { listObjects } from '../src/listing.ts'
import { headObject, headRaw, readObject } from '../src/reading.ts'
import { LeasedRemoval, removeAtomically } from '../src/remove.ts'
import type { Requester } from '../src/request.ts'
import { anyTombstone, isTombstone } from '../src/tombstones.ts'
import { putObject } from '../src/writing.ts'
import { meddled, type Meddler, newBucket, server, signal } from './server.ts'

const bucket = await newBucket()
const ABSENT: Expect = { kind: 'absent' }
const plainly: Meddler = (_, send) => send()

function put(
  requester: Requester,
  key: string,
  text: string,
  condition: Expect = ABSENT,
): Promise<ObjectInfo> {
  const bytes = new TextEncoder().encode(text)
  return putObject(
    requester,
    key,
    { size: bytes.length, digests: {}, bytes, async *open() {} },
    { signal, expect: condition, metadata: { user: {} }, extra: {} },
  )
}

/** A removal that was claimed by somebody who is not heard of any more. */
async function leaveTombstone(requester: Requester, key: string): Promise<string> {
  const { bytes, etag } = anyTombstone()
  await requester.sendOnly({
    method: 'PUT',
    key,
    headers: { 'if-none-match': '*' },
    body: bytes,
    length: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    signal,
  })
  return etag
}

function bodyWith(text: string): Answer['body'] {
  return {
    async *[Symbol.asyncIterator]() {
      yield Buffer.from(text)
    },
    destroy: () => undefined,
  }
}

async function codeOf(operation: Promise<unknown>): Promise<string> {
  try {
    await operation
    return 'done'
  } catch (error) {
    return isStorageError(error) ? error.code : String(error)
  }
}

/** Lets the one tombstone look as if it had been left eleven minutes ago; those of others keep their time. */
function aged(etag: string): Meddler {
  return async (_, send) => {
    const answer = await send()
    const { headers } = answer
    if (!String(headers['etag']).includes(etag)) return answer
    const modified = new Date(Date.parse(String(headers['date'])) - 11 * 60_000).toUTCString()
    return { ...answer, headers: { ...headers, 'last-modified': modified } }
  }
}

/** Fails the first request of that method, before or after the server acted. */
function losing(method: string, when: 'before' | 'after'): Meddler {
  let lost = false
  return async (request, send) => {
    if (lost || request.method !== method) return send()
    lost = true
    if (when === 'after') await send()
    throw Object.assign(new Error('lost'), { code: 'ECONNRESET' })
  }
}

describe(`tombstones on ${server.name}`, () => {
  test('what is being removed reads as absent', async () => {
    const requester = await meddled(bucket, plainly)
    await leaveTombstone(requester, 'seen/a')
    expect(await headObject(requester, 'seen/a', { signal })).toBeUndefined()
    expect(await codeOf(readObject(requester, 'seen/a', { signal }))).toBe('not-found')
    for await (const page of listObjects(requester, '', { prefix: 'seen/' }, { signal }))
      expect(page).toEqual([])
    expect((await headRaw(requester, 'seen/a', { signal }))?.info.key).toBe('seen/a')
  })

  test('while a lease runs, a create waits and a removal finds nothing', async () => {
    const requester = await meddled(bucket, plainly)
    const etag = await leaveTombstone(requester, 'leased')
    const leased = new LeasedRemoval(requester, {})
    expect(await codeOf(put(requester, 'leased', 'new'))).toBe('precondition-failed')
    expect(await codeOf(leased.clearStale('leased', signal))).toBe('busy')
    expect(await codeOf(leased.remove('leased', { signal, expect: 'whatever' }))).toBe('not-found')
    expect((await headRaw(requester, 'leased', { signal }))?.info.version).toBe(etag)
  })

  test('of several that find an old one, one clears it, and nobody deletes what is created then', async () => {
    for (let round = 0; round < 10; round++) {
      const key = `old/${round}`
      const etag = await leaveTombstone(await meddled(bucket, plainly), key)
      const results = await Promise.all(
        Array.from({ length: 8 }, async (_, racer) => {
          const requester = await meddled(bucket, aged(etag))
          const leased = new LeasedRemoval(requester, {})
          for (;;) {
            const code = await codeOf(put(requester, key, `racer ${racer}`))
            if (code !== 'precondition-failed') return code
            const cleared = await leased.clearStale(key, signal).catch((error: unknown) => error)
            if (cleared === false) return 'taken'
            // Busy, or a failure of the moment, as of a server that looks at what another one is just removing: core would come again, too.
            if (cleared !== true && !isTemporary(cleared)) throw cleared
          }
        }),
      )
      expect(results.toSorted()).toEqual(['done', ...Array.from({ length: 7 }, () => 'taken')])
      const { body } = await readObject(await meddled(bucket, plainly), key, { signal })
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      expect(Buffer.concat(chunks).toString()).toBe(`racer ${results.indexOf('done')}`)
    }
  })

  test.for([
    ['PUT', 'before', 'done'],
    ['PUT', 'after', 'done'],
    ['DELETE', 'before', 'done'],
    ['DELETE', 'after', 'not-found'],
  ] as const)(
    'a removal whose %s is lost %s it took place is finished by the next try',
    async ([method, when, second]) => {
      const key = `lost/${method}-${when}`
      const plain = await meddled(bucket, plainly)
      const { version } = await put(plain, key, 'content')
      const leased = new LeasedRemoval(await meddled(bucket, losing(method, when)), {})
      expect(await codeOf(leased.remove(key, { signal, expect: version }))).toBe('network')
      expect(await codeOf(leased.remove(key, { signal, expect: version }))).toBe(second)
      expect(await headRaw(plain, key, { signal })).toBeUndefined()
    },
  )

  test('a removal that was finished, unheard, removes nothing that came after it', async () => {
    const plain = await meddled(bucket, plainly)
    const { version } = await put(plain, 'after', 'content')
    const leased = new LeasedRemoval(await meddled(bucket, losing('DELETE', 'after')), {})
    expect(await codeOf(leased.remove('after', { signal, expect: version }))).toBe('network')
    await put(plain, 'after', 'somebody else')
    expect(await codeOf(leased.remove('after', { signal, expect: version }))).toBe(
      'precondition-failed',
    )
    expect((await headObject(plain, 'after', { signal }))?.size).toBe(13)
  })

  test('the condition of a DELETE is kept where it is known, when nobody else is there', async () => {
    const requester = await meddled(bucket, plainly)
    const { version } = await put(requester, 'conditional', 'content')
    const stale = removeAtomically(requester, 'conditional', { signal, expect: '0'.repeat(32) })
    // When MinIO learns it, this tells.
    expect(await codeOf(stale)).toBe(server.name === 'minio' ? 'done' : 'precondition-failed')
    if (server.name !== 'minio')
      await removeAtomically(requester, 'conditional', { signal, expect: version })
    expect(await headRaw(requester, 'conditional', { signal })).toBeUndefined()
  })

  test('a DELETE that arrives once more removes nothing that came after it, where its condition is looked at', async () => {
    const plain = await meddled(bucket, plainly)
    let again: (() => Promise<unknown>) | undefined
    const requester = await meddled(bucket, (request, send) => {
      if (request.method === 'DELETE') again = send
      return send()
    })
    const { version } = await put(plain, 'twice', 'content')
    await new LeasedRemoval(requester, {}).remove('twice', { signal, expect: version })
    await put(plain, 'twice', 'somebody else')
    await again?.()
    const left = await headObject(plain, 'twice', { signal })
    // When MinIO learns it, this tells.
    expect(left?.size).toBe(server.name === 'minio' ? undefined : 13)
  })

  test.for([
    [412, '<Error><Code>PreconditionFailed</Code></Error>'],
    [400, ''],
    [400, '<Error><Code>InvalidArgument</Code></Error>'],
    [501, '<Error><Code>NotImplemented</Code></Error>'],
  ] as const)(
    'where a right condition of a DELETE is refused, it is left out from then on (%i %s)',
    async ([status, text]) => {
      const plain = await meddled(bucket, plainly)
      let refused = 0
      const requester = await meddled(bucket, async (request, send) => {
        if (request.method !== 'DELETE' || !request.headers.includes('if-match')) return send()
        refused++
        return { status, headers: {}, body: bodyWith(text) }
      })
      const leased = new LeasedRemoval(requester, {})
      for (const key of ['refused/1', 'refused/2']) {
        const { version } = await put(plain, key, 'content')
        await leased.remove(key, { signal, expect: version })
        expect(await headRaw(plain, key, { signal })).toBeUndefined()
      }
      expect(refused).toBe(1)
    },
  )

  test('what was written over our claim, since its lease had run out, is not removed', async () => {
    const plain = await meddled(bucket, plainly)
    const { version } = await put(plain, 'cleared', 'content')
    const requester = await meddled(bucket, async (request, send) => {
      if (request.method !== 'DELETE') return send()
      // As another client would, that took it for left behind.
      await plain.sendOnly({ method: 'DELETE', key: 'cleared', signal })
      await put(plain, 'cleared', 'somebody else')
      return send()
    })
    await new LeasedRemoval(requester, {}).remove('cleared', { signal, expect: version })
    const left = await headObject(plain, 'cleared', { signal })
    expect(left?.size).toBe(server.name === 'minio' ? undefined : 13)
  })

  test('a file that looks like a tombstone is refused, not lost', async () => {
    const requester = await meddled(bucket, plainly)
    const text = new TextDecoder().decode(anyTombstone().bytes)
    expect(await codeOf(put(requester, 'alike', text))).toBe('unsupported')
    expect(isTombstone('d41d8cd98f00b204e9800998ecf8427e')).toBe(false)
  })
})
