import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { bare } from '../client.ts'
import type { Holds } from './holds.ts'

export function reads(holds: Holds): void {
  holds('reads take ranges and conditions', async (client) => {
    const etag = await client.put('a', '0123456789')
    const read = async (range: string) => {
      const { status, text, headers } = await client.send('GET', 'a', { headers: { range } })
      return [status, text, headers['content-range']]
    }
    expect(await read('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10'])
    expect(await read('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await read('bytes=-2')).toEqual([206, '89', 'bytes 8-9/10'])
    expect(await read('bytes=8-99')).toEqual([206, '89', 'bytes 8-9/10'])
    expect((await read('bytes=10-'))[0]).toBe(416)
    const when = async (headers: Record<string, string>) =>
      (await client.send('GET', 'a', { headers })).status
    expect(await when({ 'if-match': `"${etag}"` })).toBe(200)
    expect(await when({ 'if-match': `"${'0'.repeat(32)}"` })).toBe(412)
    expect(await when({ 'if-none-match': `"${etag}"` })).toBe(304)
    expect((await client.send('GET', 'b')).code).toBe('NoSuchKey')
  })

  holds('HEAD tells what GET tells', async (client) => {
    const etag = await client.put('a', 'content', {
      'content-type': 'text/x-test',
      'x-amz-meta-mtime': '1.5',
      'x-amz-meta-word': '=?UTF-8?B?w6Q=?=',
    })
    const { headers } = await client.send('HEAD', 'a')
    expect(bare(headers.etag)).toBe(etag)
    expect(etag).toBe(createHash('md5').update('content').digest('hex'))
    expect(headers['content-length']).toBe('7')
    expect(Math.abs(Date.parse(headers['last-modified'] ?? '') - Date.now())).toBeLessThan(10_000)
    expect(Math.abs(Date.parse(headers.date ?? '') - Date.now())).toBeLessThan(10_000)
    const got = await client.send('GET', 'a')
    for (const name of [
      'etag',
      'last-modified',
      'content-type',
      'x-amz-meta-mtime',
      'x-amz-meta-word',
    ])
      expect(got.headers[name], name).toBe(headers[name])
    expect(headers['content-type']).toBe('text/x-test')
    expect(headers['x-amz-meta-word']).toBe('=?UTF-8?B?w6Q=?=')
  })
}
