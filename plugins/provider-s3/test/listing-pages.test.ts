import { describe, expect, test } from 'vitest'
import { listObjects } from '../src/listing.ts'
import type { Requester } from '../src/request.ts'
import { failureOf, signal, store } from './request-store.ts'

describe('a listing', () => {
  const entry = (key: string): string =>
    `<Contents><Key>pre/${key}</Key><LastModified>2026-11-24T14:15:16.789Z</LastModified><ETag>x</ETag><Size>1</Size></Contents>`
  const page = (keys: string[], token?: string): string =>
    `<ListBucketResult>${keys.map(entry).join('')}<IsTruncated>${token !== undefined}</IsTruncated>${token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}</ListBucketResult>`
  const list = async (requester: Requester, range = {}): Promise<string[]> => {
    const keys: string[] = []
    for await (const infos of listObjects(requester, 'pre/', { prefix: '', ...range }, { signal }))
      keys.push(...infos.map(({ key }) => key))
    return keys
  }

  test.each([
    ['within a page', [page(['b', 'a'])], {}],
    ['between pages', [page(['a', 'b'], 't'), page(['b', 'c'])], {}],
    ['before the place it was to begin at', [page(['a', 'b'])], { after: 'a' }],
    ['of keys that were not asked for', [page(['x/a'])], { prefix: 'y/' }],
  ])('out of order %s is refused', async (_, pages, range) => {
    let next = 0
    const { requester } = await store((__, response) => {
      response.end(pages[next++])
    })
    expect((await failureOf(list(requester, range))).code).toBe('unexpected')
  })

  test('a page that fails, fails the listing', async () => {
    const { requester } = await store((request, response) => {
      if (request.url?.includes('continuation-token') === true)
        response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
      else response.end(page(['a'], 't'))
    })
    expect((await failureOf(list(requester))).code).toBe('throttled')
  })

  test('that nobody reads on gives up the page that it asked for ahead', async () => {
    let asked = false
    let given = false
    const { requester } = await store((request, response) => {
      if (request.url?.includes('continuation-token') !== true)
        return response.end(page(['a'], 't'))
      asked = true
      return response.on('close', () => {
        given = true
      })
    })
    for await (const infos of listObjects(requester, 'pre/', { prefix: '' }, { signal })) {
      expect(infos.map(({ key }) => key)).toEqual(['a'])
      await expect.poll(() => asked).toBe(true)
      break
    }
    await expect.poll(() => given).toBe(true)
  })
})
