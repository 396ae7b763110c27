import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { connect } from '@lsync/http'
import { Multipart } from '../src/multipart.ts'
import { Requester } from '../src/request.ts'
import { uploadsOf } from '../src/uploads.ts'
import { fake, requesterTo } from './fake.ts'

const { signal } = new AbortController()
const PART = 8 * 1024 * 1024

interface Seen {
  readonly signed: boolean
  readonly crc32: string
}

/** Puts parts of one upload, to a server that answers each as `answer` says. */
async function puts(
  answer: (part: Seen, response: ServerResponse) => void,
  work: (put: () => Promise<void>, seen: readonly boolean[]) => Promise<void>,
): Promise<void> {
  const seen: boolean[] = []
  const server = await fake((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'POST') {
        response.end(
          '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
        )
        return
      }
      const signed = request.headers['x-amz-content-sha256'] !== 'UNSIGNED-PAYLOAD'
      seen.push(signed)
      answer({ signed, crc32: String(request.headers['x-amz-checksum-crc32']) }, response)
    })
  })
  const { requester, connections } = await requesterTo(`http://127.0.0.1:${server.port}`)
  const place = { bucket: 'bucket', prefix: 'pre/' }
  const multipart = new Multipart(
    () => Promise.reject(new Error('not asked')),
    requester,
    place,
    {},
  )
  const uploads = uploadsOf(
    { requester, multipart, guarded: (_key, _options, operation) => operation() },
    1,
  )
  try {
    const session = await uploads.begin('large', {
      signal,
      size: PART,
      digests: {},
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
    // Nobody is asked: there are none yet.
    expect(await session.missing({ signal })).toHaveLength(1)
    const bytes = Buffer.alloc(PART, 7)
    const source = { size: PART, digests: {}, bytes, async *open() {} }
    await work(() => session.put({ from: 0, to: PART }, source, { signal }), seen)
  } finally {
    await connections.destroy()
    await server.stop()
  }
}

const FAILED = { code: 'network' }

test('a part is signed until the store is seen to check its CRC32, and for good once it does not', async () => {
  const checks = [true, true, false, true, true]
  await puts(
    ({ crc32 }, response) => {
      const told = checks.shift() === true ? { 'x-amz-checksum-crc32': crc32 } : {}
      response.writeHead(200, { etag: '"e"', ...told }).end()
    },
    async (put, seen) => {
      await put()
      await put()
      await expect(put()).rejects.toMatchObject(FAILED)
      await put()
      await put()
      expect(seen).toEqual([true, false, false, true, true])
    },
  )
})

test('where a policy refuses what is not signed, it is sent once more, and signed from then on', async () => {
  await puts(
    ({ signed, crc32 }, response) => {
      if (signed) response.writeHead(200, { etag: '"e"', 'x-amz-checksum-crc32': crc32 }).end()
      else response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    },
    async (put, seen) => {
      await put()
      await expect(put()).rejects.toMatchObject(FAILED)
      await put()
      await put()
      expect(seen).toEqual([true, false, true, true])
    },
  )
})

test('a store that has other bytes than were sent is not believed', async () => {
  await puts(
    (_part, response) => {
      response.writeHead(200, { etag: '"e"', 'x-amz-checksum-crc32': 'AAAAAA==' }).end()
    },
    async (put) => {
      await expect(put()).rejects.toMatchObject(FAILED)
    },
  )
})

test('what goes over an open line is signed', async () => {
  const connections = await connect({ environment: {}, concurrency: 1 })
  const reach = (origin: string): boolean =>
    new Requester(
      connections,
      async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
      { origin, host: new URL(origin).host, base: '', region: 'us-east-1' },
      { bucket: 'b', prefix: '' },
    ).isPrivate
  expect(['https://s3.example.org', 'http://127.0.0.1:9000', 'http://[::1]:1'].map(reach)).toEqual([
    true,
    true,
    true,
  ])
  expect(['http://s3.example.org', 'http://127.example.org', 'http://10.0.0.1'].map(reach)).toEqual(
    [false, false, false],
  )
  await connections.destroy()
})
