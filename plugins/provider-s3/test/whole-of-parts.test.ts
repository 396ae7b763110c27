import { createServer } from 'node:http'
import { listening } from '@lsync/servers'
import { expect, test } from 'vitest'
import { Multipart } from '../src/multipart.ts'
import { uploadsOf } from '../src/uploads.ts'
import { requesterTo } from './fake.ts'

const { signal } = new AbortController()
const PART = 8 * 1024 * 1024

/** One part is sent, and the store tells another ETag of the whole than the one that its part makes. */
async function committed(headers: Readonly<Record<string, string>>): Promise<unknown> {
  const whole = `"${'b'.repeat(32)}-1"`
  const server = await listening(
    createServer((request, response) => {
      request.resume().on('end', () => {
        if (request.method === 'PUT')
          response
            .writeHead(200, {
              etag: `"${'a'.repeat(32)}"`,
              'x-amz-checksum-crc32': String(request.headers['x-amz-checksum-crc32']),
            })
            .end()
        else if (request.method === 'HEAD')
          response
            .writeHead(200, {
              etag: whole,
              'content-length': String(PART),
              'last-modified': 'Tue, 24 Nov 2026 14:15:16 GMT',
              ...headers,
            })
            .end()
        else if (request.url?.includes('uploads') === true)
          response.end(
            '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
          )
        else
          response.end(
            `<CompleteMultipartUploadResult><ETag>${whole}</ETag></CompleteMultipartUploadResult>`,
          )
      })
    }),
  )
  const { requester, connections } = await requesterTo(`http://127.0.0.1:${server.port}`)
  const sdk = () => Promise.reject(new Error('not asked'))
  const multipart = new Multipart(sdk, requester, { bucket: 'bucket', prefix: 'pre/' }, {})
  try {
    const session = await uploadsOf(
      { requester, multipart, guarded: (_key, _options, operation) => operation() },
      1,
    ).begin('large', {
      signal,
      size: PART,
      digests: {},
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
    const source = { size: PART, digests: {}, bytes: Buffer.alloc(PART, 7), async *open() {} }
    await session.put({ from: 0, to: PART }, source, { signal })
    return await session.commit({ signal })
  } finally {
    await connections.destroy()
    await server.stop()
  }
}

test('a whole that is not made of its parts is refused', async () => {
  await expect(committed({})).rejects.toMatchObject({ code: 'unexpected' })
  const encrypted = { 'x-amz-server-side-encryption': 'AES256' }
  await expect(committed(encrypted)).rejects.toMatchObject({ code: 'unexpected' })
})

test.each(['aws:kms', 'aws:kms:dsse'])(
  'of what %s encrypts no ETag is taken for one that its parts make',
  async (encryption) => {
    const headers = { 'x-amz-server-side-encryption': encryption }
    expect(await committed(headers)).toMatchObject({ size: PART, version: `${'b'.repeat(32)}-1` })
  },
)
