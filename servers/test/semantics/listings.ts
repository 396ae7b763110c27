import { expect } from 'vitest'
import { all, type Client } from '../client.ts'
import type { Deviations, Holds } from './holds.ts'

const ODD = ['ä b+c', '日本/𝒳', '%41%2F', "q?a=b&c#d'(!)*", '<&>"', 'tab\there', 'a/b.c']
const INEXACT = ['a//b', './d', 'e/../f', '/g', 'line\nbreak', 'h/./i']

export function listings(holds: Holds, deviations: Deviations): void {
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
