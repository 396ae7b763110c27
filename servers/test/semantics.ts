import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { all, bare, type Client } from './client.ts'

/** Where a server is known to differ from S3. Each is tested to be so: what is declared wrongly fails. */
export interface Deviations {
  readonly conditionalDelete?: false
  readonly conditionalCopy?: false
  readonly conditionalComplete?: false
  /** It keeps objects in folders, which cannot hold `a//b` or `./a`. */
  readonly exactKeys?: false
  /** Others by name of the test, with the reason. These are expected to fail. */
  readonly failing?: Readonly<Record<string, string>>
}

const MIB = 1024 * 1024
const ODD = ['ä b+c', '日本/𝒳', '%41%2F', "q?a=b&c#d'(!)*", '<&>"', 'tab\there', 'a/b.c']
const INEXACT = ['a//b', './d', 'e/../f', '/g', 'line\nbreak', 'h/./i']

/** What lsync rests on, held to real servers too, so that the one in the process does not drift away from them. */
export function semantics(open: () => Promise<Client>, deviations: Deviations = {}): void {
  const failing = deviations.failing ?? {}
  const declared = new Set(Object.keys(failing))
  const holds = (name: string, body: (client: Client) => Promise<void>): void => {
    declared.delete(name)
    const declare = failing[name] === undefined ? test : test.fails
    declare(name, async () => {
      const client = await open()
      try {
        await body(client)
      } finally {
        client.close()
      }
    })
  }

  holds('a create is refused where something is', async (client) => {
    await client.put('a', 'first', { 'if-none-match': '*' })
    const second = await client.send('PUT', 'a', {
      body: 'second',
      headers: { 'if-none-match': '*' },
    })
    expect([second.status, second.code]).toEqual([412, 'PreconditionFailed'])
    expect((await client.send('GET', 'a')).text).toBe('first')
  })

  holds(
    'a replacement needs the ETag that is there; without anything there it is 404',
    async (client) => {
      const first = await client.put('a', 'first')
      await client.put('a', 'second', { 'if-match': `"${first}"` })
      const third = await client.send('PUT', 'a', {
        body: 'third',
        headers: { 'if-match': `"${first}"` },
      })
      expect([third.status, third.code]).toEqual([412, 'PreconditionFailed'])
      const gone = await client.send('PUT', 'b', {
        body: 'x',
        headers: { 'if-match': `"${first}"` },
      })
      expect([gone.status, gone.code]).toEqual([404, 'NoSuchKey'])
      expect((await client.send('GET', 'a')).text).toBe('second')
    },
  )

  holds('of eight creates and eight replacements at once exactly one wins', async (client) => {
    const race = async (headers: Record<string, string>): Promise<number[]> => {
      const racers = Array.from({ length: 8 }, (_, racer) =>
        client.send('PUT', 'a', { body: `racer ${racer} ${headers['if-match']}`, headers }),
      )
      return (await Promise.all(racers)).map(({ status }) => status).toSorted((a, b) => a - b)
    }
    const oneWins = [200, ...Array.from({ length: 7 }, () => 412)]
    for (let round = 0; round < 5; round++) {
      await client.send('DELETE', 'a')
      expect(await race({ 'if-none-match': '*' })).toEqual(oneWins)
      const { headers } = await client.send('HEAD', 'a')
      expect(await race({ 'if-match': headers.etag ?? '' })).toEqual(oneWins)
    }
  })

  holds('a conditional DELETE', async (client) => {
    const etag = await client.put('a', 'content')
    const stale = await client.send('DELETE', 'a', {
      headers: { 'if-match': `"${'0'.repeat(32)}"` },
    })
    const { status } = await client.send('HEAD', 'a')
    if (deviations.conditionalDelete === false) {
      expect([stale.status, status]).toEqual([204, 404])
      return
    }
    expect([stale.status, stale.code, status]).toEqual([412, 'PreconditionFailed', 200])
    expect((await client.send('DELETE', 'a', { headers: { 'if-match': etag } })).status).toBe(204)
    expect((await client.send('HEAD', 'a')).status).toBe(404)
    expect((await client.send('DELETE', 'a')).status).toBe(204)
  })

  holds('DeleteObjects removes what is named, and says so', async (client) => {
    for (const key of ['a', 'b', 'c&d']) await client.put(key, key)
    const body = `<Delete><Object><Key>a</Key></Object><Object><Key>c&amp;d</Key></Object></Delete>`
    const digest = md5(Buffer.from(body)).toString('base64')
    const query = { delete: '' }
    const { status, text } = await client.send('POST', undefined, {
      query,
      body,
      headers: { 'content-md5': digest },
    })
    expect(status).toBe(200)
    expect(all(text, 'Key')).toEqual(['a', 'c&amp;d'])
    const listed = await client.send('GET', undefined, { query: { 'list-type': '2' } })
    expect(all(listed.text, 'Key')).toEqual(['b'])
  })

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

  holds('listings come in the order of UTF-8 bytes, in pages, from a place on', async (client) => {
    const keys = ['A', 'Z', '_', 'a', 'ab/1', 'ab/2', 'a-b', 'b', 'z', 'ä', '日', '\u{e000}', '𝒳']
    for (const key of keys) await client.put(key, '')
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await list(client, {})).toEqual(sorted)
    expect(await list(client, { 'max-keys': '3' })).toEqual(sorted)
    expect(await list(client, { 'start-after': 'a', 'max-keys': '2' })).toEqual(
      sorted.slice(sorted.indexOf('a') + 1),
    )
    expect(await list(client, { prefix: 'a' })).toEqual(['a', 'a-b', 'ab/1', 'ab/2'])
    expect(await list(client, { prefix: 'a', delimiter: '/' })).toEqual(['a', 'a-b', 'ab/'])
    expect(await list(client, { prefix: 'nothing' })).toEqual([])
  })

  holds('folders are told once, over several pages', async (client) => {
    for (const key of ['a', 'a-b', 'ab/1', 'ab/2', 'ac/1', 'ad']) await client.put(key, '')
    const found = await list(client, { prefix: 'a', delimiter: '/', 'max-keys': '1' })
    expect(found.toSorted()).toEqual(['a', 'a-b', 'ab/', 'ac/', 'ad'])
  })

  holds('a key below a key is listed', async (client) => {
    await client.put('a', 'file')
    await client.put('a/b', 'file below')
    expect(await list(client, {})).toEqual(['a', 'a/b'])
    expect(await list(client, { prefix: 'a/' })).toEqual(['a/b'])
  })

  holds('keys are exact', async (client) => {
    for (const key of deviations.exactKeys === false ? ODD : [...ODD, ...INEXACT]) {
      await client.put(key, `content of ${key}`)
      expect((await client.send('GET', key)).text, key).toBe(`content of ${key}`)
      const { text } = await client.send('GET', undefined, {
        query: { 'list-type': '2', 'encoding-type': 'url', prefix: key },
      })
      expect(namesIn(text)).toEqual([key])
      await client.send('DELETE', key)
    }
    expect((await client.send('PUT', 'x'.repeat(1025))).status).toBe(400)
  })

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

  multipart(holds, deviations)
  if (declared.size > 0) throw new Error(`no such test: ${[...declared].join(', ')}`)
}

/** Keys, then common prefixes. Some servers do not know the encoding that was asked for, and say so. */
function namesIn(xml: string): string[] {
  const url = all(xml, 'EncodingType')[0] === 'url'
  const prefixes = [...xml.matchAll(/<CommonPrefixes>(.*?)<\/CommonPrefixes>/gs)].map(
    ([, inner = '']) => all(inner, 'Prefix')[0] ?? '',
  )
  return [...all(xml, 'Key'), ...prefixes].map((name) =>
    url
      ? decodeURIComponent(name.replaceAll('+', ' '))
      : name.replaceAll(/&(lt|gt|amp|quot|#\d+|#x[0-9A-Fa-f]+);/g, (whole, entity: string) =>
          entity.startsWith('#')
            ? String.fromCodePoint(Number(entity.replace('#', '').replace('x', '0x')))
            : ({ lt: '<', gt: '>', amp: '&', quot: '"' }[entity] ?? whole),
        ),
  )
}

/** All pages. Keys before folders on each. */
async function list(client: Client, query: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = []
  let token: string | undefined
  do {
    const { text } = await client.send('GET', undefined, {
      query: {
        'list-type': '2',
        'encoding-type': 'url',
        ...query,
        ...(token === undefined ? {} : { 'continuation-token': token }),
      },
    })
    found.push(...namesIn(text))
    expect(all(text, 'IsTruncated')).toHaveLength(1)
    token = all(text, 'NextContinuationToken')[0]
  } while (token !== undefined && token !== '')
  return found
}

type Holds = (name: string, body: (client: Client) => Promise<void>) => void

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

const big = Buffer.alloc(5 * MIB, 'big ')
const small = Buffer.from('small')

function md5(...bytes: readonly Uint8Array[]): Buffer {
  return createHash('md5').update(Buffer.concat(bytes)).digest()
}

function multipart(holds: Holds, deviations: Deviations): void {
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

  holds('a copy keeps the content, and the metadata unless told otherwise', async (client) => {
    const etag = await client.put('source', 'content', { 'x-amz-meta-one': '1' })
    const copy = (key: string, headers: Record<string, string>) =>
      client.send('PUT', key, {
        headers: { 'x-amz-copy-source': `/${client.bucket}/source`, ...headers },
      })
    expect((await copy('a', {})).status).toBe(200)
    expect((await client.send('GET', 'a')).headers['x-amz-meta-one']).toBe('1')
    await copy('b', { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-two': '2' })
    const { headers, text } = await client.send('GET', 'b')
    expect([text, headers['x-amz-meta-one'], headers['x-amz-meta-two']]).toEqual([
      'content',
      undefined,
      '2',
    ])
    expect((await copy('c', { 'x-amz-copy-source-if-match': '0'.repeat(32) })).code).toBe(
      'PreconditionFailed',
    )
    expect((await copy('c', { 'x-amz-copy-source-if-match': etag })).status).toBe(200)
    expect((await copy('c', { 'x-amz-copy-source': `/${client.bucket}/nothing` })).code).toBe(
      'NoSuchKey',
    )
    expect((await copy('source', {})).code).toBe('InvalidRequest')
    const onto = await copy('a', { 'if-none-match': '*' })
    expect(onto.code).toBe(deviations.conditionalCopy === false ? undefined : 'PreconditionFailed')
  })
}
