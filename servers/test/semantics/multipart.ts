import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { all, bare, type Client } from '../client.ts'
import type { Deviations, Holds } from './holds.ts'
import { md5 } from './md5.ts'

const MIB = 1024 * 1024

const big = Buffer.alloc(5 * MIB, 'big ')
const small = Buffer.from('small')

export function multipart(holds: Holds, deviations: Deviations): void {
  holds('parts become one object, with the MD5 of their MD5s', async (client) => {
    const id = await begin(client, 'a', { 'x-amz-meta-mtime': '7' })
    const second = await part(client, 'a', id, 2, small)
    const first = await part(client, 'a', id, 1, big)
    const parts = await client.send('GET', 'a', { query: { uploadId: id } })
    expect(all(parts.text, 'PartNumber')).toEqual(['1', '2'])
    expect(all(parts.text, 'Size')).toEqual([String(big.length), '5'])
    const page = await client.send('GET', 'a', { query: { uploadId: id, 'max-parts': '1' } })
    expect([all(page.text, 'IsTruncated'), all(page.text, 'NextPartNumberMarker')]).toEqual([
      ['true'],
      ['1'],
    ])
    const rest = await client.send('GET', 'a', {
      query: { uploadId: id, 'part-number-marker': '1' },
    })
    expect([all(rest.text, 'IsTruncated'), all(rest.text, 'PartNumber')]).toEqual([
      ['false'],
      ['2'],
    ])
    const uploads = await client.send('GET', undefined, { query: { uploads: '', prefix: 'a' } })
    expect(all(uploads.text, 'UploadId')).toEqual([id])
    expect((await client.send('HEAD', 'a')).status).toBe(404)
    const done = await complete(client, 'a', id, [
      [1, first.etag],
      [2, second.etag],
    ])
    expect(done.status).toBe(200)
    const etag = `${md5(md5(big), md5(small)).toString('hex')}-2`
    expect(bare(all(done.text.replaceAll('&#34;', '').replaceAll('&quot;', ''), 'ETag')[0])).toBe(
      etag,
    )
    const got = await client.send('GET', 'a')
    expect(got.body.equals(Buffer.concat([big, small]))).toBe(true)
    expect([bare(got.headers.etag), got.headers['x-amz-meta-mtime']]).toEqual([etag, '7'])
    expect(
      all((await client.send('GET', undefined, { query: { uploads: '' } })).text, 'UploadId'),
    ).toEqual([])
  })

  holds('the end of an upload is conditional', async (client) => {
    const upload = async (headers: Record<string, string>, bytes = small) => {
      const id = await begin(client, 'a')
      const { etag } = await part(client, 'a', id, 1, bytes)
      return complete(client, 'a', id, [[1, etag]], headers)
    }
    expect((await upload({ 'if-none-match': '*' })).status).toBe(200)
    expect((await upload({ 'if-none-match': '*' })).code).toBe('PreconditionFailed')
    const stale = await upload({ 'if-match': `"${'0'.repeat(32)}"` })
    expect(stale.code).toBe(
      deviations.conditionalComplete === false ? undefined : 'PreconditionFailed',
    )
    const { headers } = await client.send('HEAD', 'a')
    expect((await upload({ 'if-match': headers.etag ?? '' }, Buffer.from('new'))).status).toBe(200)
    expect((await client.send('GET', 'a')).text).toBe('new')
  })

  holds(
    'an upload with wrong, small or unordered parts is refused, and can still be ended',
    async (client) => {
      const id = await begin(client, 'a')
      const first = await part(client, 'a', id, 1, small)
      const second = await part(client, 'a', id, 2, small)
      const end = async (...parts: (readonly [number, string])[]) =>
        (await complete(client, 'a', id, parts)).code
      expect(await end([1, first.etag], [2, second.etag])).toBe('EntityTooSmall')
      expect(await end([1, '0'.repeat(32)])).toBe('InvalidPart')
      expect(await end([3, first.etag])).toBe('InvalidPart')
      // Servers differ in what they look at first.
      expect(await end([2, second.etag], [1, first.etag])).toMatch(
        /^(InvalidPartOrder|EntityTooSmall)$/,
      )
      expect(await end([2, second.etag])).toBeUndefined()
      expect((await client.send('GET', 'a')).text).toBe('small')
    },
  )

  holds('an aborted upload is gone', async (client) => {
    const id = await begin(client, 'a')
    const { etag } = await part(client, 'a', id, 1, small)
    expect((await client.send('DELETE', 'a', { query: { uploadId: id } })).status).toBe(204)
    expect((await part(client, 'a', id, 1, small)).code).toBe('NoSuchUpload')
    expect((await complete(client, 'a', id, [[1, etag]])).code).toBe('NoSuchUpload')
    expect((await client.send('GET', 'a', { query: { uploadId: id } })).code).toBe('NoSuchUpload')
  })

  holds('parts with SHA-256 end in one that is made of them', async (client) => {
    const id = await begin(client, 'a', { 'x-amz-checksum-algorithm': 'SHA256' })
    const sums = [big, small].map((bytes) => createHash('sha256').update(bytes).digest())
    const told = sums.map((sum) => sum.toString('base64'))
    const wrong = await part(client, 'a', id, 1, big, { 'x-amz-checksum-sha256': told[1] ?? '' })
    expect(wrong.status).toBe(400)
    const first = await part(client, 'a', id, 1, big, { 'x-amz-checksum-sha256': told[0] ?? '' })
    const second = await part(client, 'a', id, 2, small, { 'x-amz-checksum-sha256': told[1] ?? '' })
    expect(
      all((await client.send('GET', 'a', { query: { uploadId: id } })).text, 'ChecksumSHA256'),
    ).toEqual(told)
    const done = await complete(client, 'a', id, [
      [1, first.etag, told[0]],
      [2, second.etag, told[1]],
    ])
    expect(done.status).toBe(200)
    const { headers } = await client.send('HEAD', 'a', {
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    })
    expect(headers['x-amz-checksum-sha256']).toBe(
      `${createHash('sha256').update(Buffer.concat(sums)).digest('base64')}-2`,
    )
  })

  holds('parts are copied from a version of another object', async (client) => {
    const etag = await client.put('source', Buffer.concat([big, small]))
    const id = await begin(client, 'a')
    const copy = (number: number, match: string, range: string) =>
      client.send('PUT', 'a', {
        query: { uploadId: id, partNumber: String(number) },
        headers: {
          'x-amz-copy-source': `/${client.bucket}/source`,
          'x-amz-copy-source-if-match': match,
          'x-amz-copy-source-range': range,
        },
      })
    expect((await copy(1, '0'.repeat(32), 'bytes=0-4')).code).toBe('PreconditionFailed')
    expect((await copy(1, etag, 'bytes=0-99999999')).status).toBeGreaterThanOrEqual(400)
    const first = await copy(1, etag, `bytes=0-${big.length - 1}`)
    const second = await copy(2, etag, `bytes=${big.length + 1}-${big.length + 3}`)
    expect([first.status, second.status]).toEqual([200, 200])
    const done = await complete(client, 'a', id, [
      [1, md5(big).toString('hex')],
      [2, md5(Buffer.from('mal')).toString('hex')],
    ])
    expect(done.status).toBe(200)
    expect(
      (await client.send('GET', 'a')).body.equals(Buffer.concat([big, Buffer.from('mal')])),
    ).toBe(true)
  })
}

async function begin(
  client: Client,
  key: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { text } = await client.send('POST', key, { query: { uploads: '' }, headers })
  return all(text, 'UploadId')[0] ?? ''
}

function complete(
  client: Client,
  key: string,
  uploadId: string,
  parts: readonly (readonly [number, string, (string | undefined)?])[],
  headers: Record<string, string> = {},
) {
  const xml = parts.map(
    ([number, etag, sha256]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag>${sha256 === undefined ? '' : `<ChecksumSHA256>${sha256}</ChecksumSHA256>`}</Part>`,
  )
  return client.send('POST', key, {
    query: { uploadId },
    headers,
    body: `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`,
  })
}

async function part(
  client: Client,
  key: string,
  uploadId: string,
  number: number,
  body: Buffer,
  headers: Record<string, string> = {},
) {
  const reply = await client.send('PUT', key, {
    query: { uploadId, partNumber: String(number) },
    body,
    headers,
  })
  return { ...reply, etag: bare(reply.headers.etag) }
}
