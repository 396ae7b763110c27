import { createServer } from 'node:http'
import { listening } from '@lsync/servers'
import { expect, test } from 'vitest'
import gcs from '../src/index.ts'

const { signal } = new AbortController()

test('a listing that goes on for ever is refused, however long its way round', async () => {
  let asked = 0
  const server = await listening(
    createServer((_, response) => {
      const nextPageToken = `token ${asked++ % 5}`
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ kind: 'storage#objects', nextPageToken }))
    }),
  )
  try {
    await using provider = await gcs.open('gs://bucket', {
      signal,
      settings: {},
      environment: { STORAGE_EMULATOR_HOST: `127.0.0.1:${server.port}` },
      concurrency: 2,
    })
    const all = async (): Promise<void> => {
      for await (const page of provider.list({ prefix: '' }, { signal })) expect(page).toEqual([])
    }
    await expect(all()).rejects.toMatchObject({ code: 'unexpected' })
    expect(asked).toBeLessThan(25)
  } finally {
    await server.stop()
  }
})
