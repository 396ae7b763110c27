import { expect, test } from 'vitest'
import { Multipart } from '../src/multipart.ts'
import { uploadsOf } from '../src/uploads.ts'
import { fake, requesterTo } from './fake.ts'

const { signal } = new AbortController()
const PART = 8 * 1024 * 1024

test('a part is signed until the store is seen to check its CRC32, and again where it does not', async () => {
  const signed: boolean[] = []
  const checks = [true, true, false, false]
  const server = await fake((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'POST') {
        response.end(
          '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
        )
        return
      }
      signed.push(request.headers['x-amz-content-sha256'] !== 'UNSIGNED-PAYLOAD')
      const told = String(request.headers['x-amz-checksum-crc32'])
      response
        .writeHead(200, {
          etag: '"e"',
          ...(checks.shift() === true ? { 'x-amz-checksum-crc32': told } : {}),
        })
        .end()
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
    { requester, multipart, guarded: (_key, _expect, _options, operation) => operation() },
    1,
  )
  try {
    const session = await uploads.begin('large', {
      signal,
      size: 4 * PART,
      digests: {},
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
    expect(await session.missing({ signal })).toHaveLength(4)
    const bytes = Buffer.alloc(PART, 7)
    const put = (part: number): Promise<void> =>
      session.put(
        { from: part * PART, to: (part + 1) * PART },
        { size: PART, digests: {}, bytes, async *open() {} },
        { signal },
      )
    await put(0)
    await put(1)
    await expect(put(2)).rejects.toMatchObject({ code: 'network' })
    await put(2)
    expect(signed).toEqual([true, false, false, true])
  } finally {
    await connections.destroy()
    await server.stop()
  }
})
