import type { StorageProvider } from '@lsync/core/provider'
import { describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'
import { type Handler, fake } from './fake.ts'

const EMPTY = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'geheim' }

async function opening<T>(
  handler: Handler,
  then: (
    provider: Promise<StorageProvider>,
    notices: readonly string[],
    port: number,
  ) => Promise<T>,
): Promise<T> {
  const server = await fake(handler)
  const notices: string[] = []
  try {
    return await then(
      s3.open('s3://bucket/pre', {
        signal: new AbortController().signal,
        settings: { endpoint: `http://127.0.0.1:${server.port}` },
        environment: KEYS,
        concurrency: 2,
        onNotice: (message) => notices.push(message),
      }),
      notices,
      server.port,
    )
  } finally {
    await server.stop()
  }
}

describe('opening', () => {
  test('finds the right region by itself, and says so', async () => {
    const regions: string[] = []
    await opening(
      (request, response) => {
        const region = /\/(\S+?)\/s3\/aws4_request/.exec(request.headers.authorization ?? '')?.[1]
        regions.push(region?.split('/').at(-1) ?? '')
        if (regions.at(-1) === 'eu-west-1') response.end(EMPTY)
        else
          response
            .writeHead(400)
            .end(
              '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>',
            )
      },
      async (provider, notices) => {
        await using opened = await provider
        for await (const page of opened.list(
          { prefix: '' },
          { signal: new AbortController().signal },
        ))
          expect(page).toEqual([])
        expect(regions).toEqual(['us-east-1', 'eu-west-1', 'eu-west-1'])
        expect(notices).toEqual([expect.stringContaining('eu-west-1')])
      },
    )
  })

  test.each([
    [404, 'NoSuchBucket', 'no-remote'],
    [403, 'InvalidAccessKeyId', 'unauthenticated'],
    [403, 'AccessDenied', 'forbidden'],
    [503, 'SlowDown', 'throttled'],
  ])('%i %s is told as %s, at once', async (status, code, expected) => {
    let requests = 0
    await opening(
      (_, response) => {
        requests++
        response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
      },
      async (provider) => {
        await expect(provider).rejects.toMatchObject({ code: expected })
        expect(requests).toBe(1)
      },
    )
  })

  test('a bucket that is not there is named with its address', async () => {
    await opening(
      (_, response) => response.writeHead(404).end('<Error><Code>NoSuchBucket</Code></Error>'),
      async (provider, _, port) => {
        await expect(provider).rejects.toThrow(`there is no bucket bucket at 127.0.0.1:${port}`)
      },
    )
  })

  test('without a probe the least is taken for granted', async () => {
    await opening(
      (_, response) => response.end(EMPTY),
      async (provider) => {
        await using opened = await provider
        expect(opened.guarantees).toEqual({
          create: 'checked',
          replace: 'checked',
          remove: 'checked',
          commit: 'none',
          copy: 'none',
        })
        expect(opened.listsFolders).toBe(false)
        expect(opened.copy).toBeUndefined()
      },
    )
  })
})
