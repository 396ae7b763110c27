import { expect } from 'vitest'
import { all } from '../client.ts'
import type { Deviations, Holds } from './holds.ts'
import { md5 } from './md5.ts'

export function writes(holds: Holds, deviations: Deviations): void {
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
