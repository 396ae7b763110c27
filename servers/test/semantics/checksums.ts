import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect } from 'vitest'
import type { Holds } from './holds.ts'

export function checksums(holds: Holds): void {
  holds('bytes that are not what is said of them are refused', async (client) => {
    const put = async (headers: Record<string, string>) => {
      const { status, code } = await client.send('PUT', 'a', { body: 'content', headers })
      return `${status} ${code}`
    }
    const wrong = (bytes: number): string => Buffer.alloc(bytes, 1).toString('base64')
    expect(await put({ 'x-amz-content-sha256': 'ab'.repeat(32) })).toBe(
      '400 XAmzContentSHA256Mismatch',
    )
    expect(await put({ 'content-md5': wrong(16) })).toBe('400 BadDigest')
    for (const [algorithm, bytes] of [
      ['crc32', 4],
      ['crc32c', 4],
      ['crc64nvme', 8],
      ['sha1', 20],
      ['sha256', 32],
    ] as const)
      expect(await put({ [`x-amz-checksum-${algorithm}`]: wrong(bytes) }), algorithm).toMatch(
        /^400 /,
      )
    expect((await client.send('HEAD', 'a')).status).toBe(404)
  })

  holds('checksums are taken, and told to who asks', async (client) => {
    const right = {
      crc32: 'y/Q5Jg==',
      crc32c: '4waSgw==',
      crc64nvme: 'rosUhgp5mIg=',
      sha1: createHash('sha1').update('123456789').digest('base64'),
      sha256: createHash('sha256').update('123456789').digest('base64'),
    }
    for (const [algorithm, value] of Object.entries(right)) {
      const name = `x-amz-checksum-${algorithm}`
      await client.put(algorithm, '123456789', { [name]: value })
      const asked = await client.send('HEAD', algorithm, {
        headers: { 'x-amz-checksum-mode': 'ENABLED' },
      })
      expect(asked.headers[name]).toBe(value)
      expect((await client.send('HEAD', algorithm)).headers[name]).toBeUndefined()
    }
  })

  holds('a chunked body with a trailer is stored without its framing', async (client) => {
    // S3 takes no smaller chunk, but for the last.
    const first = 'x'.repeat(8192)
    const content = `${first}and the rest`
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(content))
    const send = (told: string) =>
      client.send('PUT', 'a', {
        body: `2000\r\n${first}\r\nc\r\nand the rest\r\n0\r\nx-amz-checksum-crc32:${told}\r\n\r\n`,
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
          'x-amz-decoded-content-length': String(content.length),
          'x-amz-trailer': 'x-amz-checksum-crc32',
        },
      })
    expect((await send('AAAAAA==')).status).toBe(400)
    expect((await client.send('HEAD', 'a')).status).toBe(404)
    expect((await send(sum.toString('base64'))).status).toBe(200)
    expect((await client.send('GET', 'a')).text).toBe(content)
  })

  holds('the framing of a body is no encoding of the object', async (client) => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32('abc'))
    const trailer = `x-amz-checksum-crc32:${sum.toString('base64')}`
    await client.put('a', `3\r\nabc\r\n0\r\n${trailer}\r\n\r\n`, {
      'content-encoding': 'aws-chunked,gzip',
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '3',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    })
    expect((await client.send('GET', 'a')).headers['content-encoding']).toBe('gzip')
  })
}
