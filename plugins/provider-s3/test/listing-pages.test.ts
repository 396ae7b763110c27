import { connect } from '@lsync/http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeClient } from '../src/client.ts'
import { historyOf } from '../src/history.ts'
import { listObjects, listUnordered } from '../src/listing.ts'
import { Multipart } from '../src/multipart.ts'
import type { Requester } from '../src/request.ts'
import { failureOf, signal, store } from './request-store.ts'

/** The SDK's client for the server that the requester asks. */
async function clientFor({ host }: Requester): ReturnType<typeof makeClient> {
  const connections = await connect({ environment: {}, concurrency: 2 })
  onTestFinished(() => connections.destroy())
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'geheim' }
  const service = {
    custom: `http://${host}`,
    region: 'us-east-1',
    pathStyle: true,
    fips: false,
    dualStack: false,
  }
  return makeClient(connections, async () => credentials, service)
}

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

  test.each([
    ['ordered', listObjects],
    ['unordered', listUnordered],
  ])('that goes on for ever is refused, however long its way round (%s)', async (_, lists) => {
    let asked = 0
    const { requester } = await store((__, response) => {
      response.end(page([], `token ${asked++ % 5}`))
    })
    const all = async (): Promise<void> => {
      for await (const infos of lists(requester, 'pre/', { prefix: '' }, { signal }))
        expect(infos).toEqual([])
    }
    expect((await failureOf(all())).message).toContain('in circles')
    expect(asked).toBeLessThan(25)
  })

  test.each([
    ['without a place', ''],
    [
      'in circles',
      '<NextKeyMarker>pre/a</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>',
    ],
  ])('of unfinished uploads that goes on %s is refused, not cut off', async (_, marker) => {
    const { requester } = await store((__, response) => {
      response.end(
        `<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>${marker}<Upload><Key>pre/a</Key><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>`,
      )
    })
    const place = { bucket: 'bucket', prefix: 'pre/' }
    const multipart = new Multipart(() => clientFor(requester), requester, place, {})
    const all = async (): Promise<void> => {
      for await (const { key } of multipart.listUploads({ signal })) expect(key).toBe('a')
    }
    expect((await failureOf(all())).code).toBe('unexpected')
  })

  test('of unfinished uploads has no time where the store tells none', async () => {
    const initiated = '<Initiated>2026-11-24T14:15:16.000Z</Initiated>'
    const { requester } = await store((_, response) => {
      response.end(
        `<ListMultipartUploadsResult><Upload><Key>pre/a</Key><UploadId>1</UploadId></Upload><Upload><Key>pre/b</Key><UploadId>2</UploadId>${initiated}</Upload></ListMultipartUploadsResult>`,
      )
    })
    const place = { bucket: 'bucket', prefix: 'pre/' }
    const multipart = new Multipart(() => clientFor(requester), requester, place, {})
    const times = new Map<string, number | undefined>()
    for await (const { key, begun } of multipart.listUploads({ signal })) times.set(key, begun)
    expect(times).toEqual(
      new Map([
        ['a', undefined],
        ['b', Date.UTC(2026, 10, 24, 14, 15, 16)],
      ]),
    )
  })

  test('of versions that goes on in circles is refused', async () => {
    const { requester } = await store((_, response) => {
      response.end(
        `<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>pre/a</NextKeyMarker><Version><Key>pre/a</Key><ETag>other</ETag><VersionId>1</VersionId></Version></ListVersionsResult>`,
      )
    })
    const read = historyOf(requester, 'pre/').read('a', { signal, version: 'x' })
    expect((await failureOf(read)).message).toContain('in circles')
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
