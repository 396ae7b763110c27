import type { ServerResponse } from 'node:http'
import { bytesSource } from '@lsync/core/provider'
import { expect, test } from 'vitest'
import { putObject } from '../src/writing.ts'
import { fake, requesterTo } from './fake.ts'

const { signal } = new AbortController()

/** Writes objects of a size one after the other, and says which of them were signed. */
async function puts(
  sizes: readonly number[],
  answer: (
    request: { readonly signed: boolean; readonly sha256: string },
    response: ServerResponse,
  ) => void,
): Promise<{
  readonly signed: readonly boolean[]
  /** Which of them replace just what the one before it wrote. */
  readonly over: readonly number[]
  readonly results: readonly unknown[]
}> {
  const signed: boolean[] = []
  const over: number[] = []
  const server = await fake((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'HEAD') {
        const modified = 'Tue, 01 Dec 2026 00:00:00 GMT'
        response
          .writeHead(200, { etag: '"e"', 'content-length': LARGE, 'last-modified': modified })
          .end()
        return
      }
      signed.push(request.headers['x-amz-content-sha256'] !== 'UNSIGNED-PAYLOAD')
      if (request.headers['if-match'] === '"e"') over.push(signed.length - 1)
      const sha256 = String(request.headers['x-amz-checksum-sha256'])
      answer({ signed: signed.at(-1) === true, sha256 }, response)
    })
  })
  const { requester, connections } = await requesterTo(`http://127.0.0.1:${server.port}`)
  try {
    const results: unknown[] = []
    for (const size of sizes) {
      const put = putObject(requester, 'key', bytesSource(Buffer.alloc(size, 7)), {
        signal,
        expect: { kind: 'absent' },
        metadata: { user: {} },
        extra: {},
      })
      results.push(
        await put.then(
          ({ digests }) => digests.sha256?.length,
          (error: { readonly code: string }) => error.code,
        ),
      )
    }
    return { signed, over, results }
  } finally {
    await connections.destroy()
    await server.stop()
  }
}

const LARGE = 100_000

test('a body is signed until the store is seen to check its SHA-256, and for good once it does not; small ones always', async () => {
  const checks = [true, true, true, false, true, true]
  const { signed, over, results } = await puts(
    [LARGE, LARGE, 1000, LARGE, LARGE, LARGE],
    ({ sha256 }, response) => {
      const told = checks.shift() === true ? { 'x-amz-checksum-sha256': sha256 } : {}
      response.writeHead(200, { etag: '"e"', ...told }).end()
    },
  )
  // What nobody checked is replaced at once by the same, signed.
  expect(signed).toEqual([true, false, true, false, true, true, true])
  expect(over).toEqual([4])
  expect(results).toEqual([64, 64, 64, 64, 64, 64])
})

test('a store that tells no checksums is sent signed bodies only; what it says first is looked at', async () => {
  const { signed, results } = await puts([LARGE, LARGE], (_request, response) => {
    response.writeHead(200, { etag: '"e"' }).end()
  })
  expect(signed).toEqual([true, true])
  expect(results).toEqual([undefined, 64])
})

test('where a policy refuses what is not signed, it is sent once more, and signed from then on', async () => {
  const { signed, results } = await puts(
    [1000, LARGE, LARGE, LARGE],
    ({ signed: isSigned, sha256 }, response) => {
      if (isSigned) response.writeHead(200, { etag: '"e"', 'x-amz-checksum-sha256': sha256 }).end()
      else response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    },
  )
  expect(signed).toEqual([true, false, true, true, true])
  expect(results).toEqual([64, 64, 64, 64])
})

test('where that replacement fails, nobody says that nothing was written', async () => {
  let count = 0
  const { signed, results } = await puts([LARGE, LARGE], ({ sha256 }, response) => {
    const told = ++count === 1 ? { 'x-amz-checksum-sha256': sha256 } : {}
    if (count < 3) response.writeHead(200, { etag: '"e"', ...told }).end()
    else response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
  })
  expect(signed).toEqual([true, false, true])
  expect(results).toEqual([64, 'network'])
})
