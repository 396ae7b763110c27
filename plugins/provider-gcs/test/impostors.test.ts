import { bytesSource, type ProbeReport, type StorageProvider } from '@lsync/core/provider'
import {
  backendError,
  type Fault,
  type FaultyGcs,
  type GcsOperation,
  loginPage,
  startFaultyGcs,
} from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import gcs from '../src/index.ts'

/** What answers in the store's place: a network that wants a login first. */
let server: FaultyGcs
const { signal } = new AbortController()

beforeEach(async () => {
  server = await startFaultyGcs({ buckets: ['impostors'] })
})

afterEach(() => server.stop())

function opening(known?: ProbeReport): Promise<StorageProvider> {
  return gcs.open('gs://impostors', {
    signal,
    settings: {},
    environment: server.environment,
    concurrency: 2,
    ...(known === undefined ? {} : { known }),
  })
}

async function probed(): Promise<ProbeReport> {
  await using provider = await opening()
  return await provider.probe!({ signal, scratch: 'probe/' })
}

describe('a web page is no word of the store', () => {
  const source = bytesSource(Buffer.from('one'))
  const absent = { signal, expect: { kind: 'absent' }, metadata: { user: {} } } as const
  test.each<[GcsOperation, (provider: StorageProvider, version: string) => Promise<unknown>]>([
    ['DeleteObject', (provider, version) => provider.remove('f', { signal, expect: version })],
    ['GetObject', (provider) => provider.head('f', { signal })],
    ['InsertObject', (provider) => provider.write('g', source, absent)],
    ['BeginUpload', (provider) => provider.uploads!.begin('g', { ...absent, ...source })],
    [
      'ListObjects',
      async (provider) => {
        for await (const page of provider.list({ prefix: '' }, { signal })) void page
      },
    ],
  ])('%s', async (operation, act) => {
    await using provider = await opening(await probed())
    const { version } = await provider.write('f', source, absent)
    const injected = server.inject({ match: operation, fault: loginPage })
    await expect(act(provider, version)).rejects.toMatchObject({ code: 'network' })
    expect(injected.hits).toBe(1)
    injected.remove()
    expect(await provider.head('f', { signal })).toMatchObject({ version })
  })
})

test('a web page that says 404 is no absence of an object', async () => {
  await using provider = await opening(await probed())
  server.inject({ fault: { ...loginPage, status: 404 } as Fault })
  for (const act of [
    () => provider.head('f', { signal }),
    () => provider.read('f', { signal }),
    () => provider.remove('f', { signal, expect: '7' }),
  ])
    await expect(act()).rejects.toMatchObject({ code: 'network' })
  server.clearFaults()
  expect(await provider.head('f', { signal })).toBeUndefined()
})

test('an answer about another object is none about this one', async () => {
  await using provider = await opening(await probed())
  const source = bytesSource(Buffer.from('one'))
  const absent = { signal, expect: { kind: 'absent' }, metadata: { user: {} } } as const
  const body = JSON.stringify({ name: 'other', size: '3', generation: '7', metageneration: '1' })
  for (const match of ['InsertObject', 'GetObject'] as const)
    server.inject({ match, fault: { kind: 'impostor', body } })
  await expect(provider.write('f', source, absent)).rejects.toMatchObject({ code: 'network' })
  await expect(provider.head('f', { signal })).rejects.toMatchObject({ code: 'network' })
})

test('a web page is told as one, with the host that it came from', async () => {
  const { host } = new URL(server.endpoint)
  for (const status of [200, 403, 404, 511]) {
    const injected = server.inject({ fault: { ...loginPage, status } as Fault })
    await expect(opening()).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining(`${host} answers with a web page`),
    })
    injected.remove()
  }
  server.inject({
    fault: { kind: 'impostor', status: 302, headers: { location: 'http://login.example/?from=x' } },
  })
  await expect(opening()).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining(`${host} sends to http://login.example`),
  })
})

test('a gateway that says in a page that its store failed is told by its status', async () => {
  server.inject({ fault: { ...loginPage, status: 502 } as Fault })
  await expect(opening()).rejects.toMatchObject({ code: 'server', detail: 'status 502' })
  server.clearFaults()
  server.inject({ fault: backendError })
  await expect(opening()).rejects.toMatchObject({ code: 'server' })
})
