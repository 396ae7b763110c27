import { bytesSource, type ProbeReport, type StorageProvider } from '@lsync/core/provider'
import { type FaultyS3, startFaultyS3 } from '@lsync/servers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** A bucket whose encryption was changed since the probe: its ETags are no MD5s any more, by which others would know a claim. */
const { signal } = new AbortController()
let server: FaultyS3
let provider: StorageProvider
let notices: string[]

beforeEach(async () => {
  server = await startFaultyS3({ md5Etags: false, conditionalDelete: false, buckets: ['bucket'] })
  const known: ProbeReport = {
    guarantees: {
      create: 'atomic',
      replace: 'atomic',
      remove: 'leased',
      commit: 'atomic',
      copy: 'atomic',
    },
    listsFolders: true,
    traits: { host: new URL(server.endpoint).host, order: 'bytes', conditions: 'quoted' },
    findings: [],
  }
  notices = []
  provider = await s3.open('s3://bucket', {
    signal,
    settings: {},
    environment: server.environment,
    concurrency: 4,
    known,
    onNotice: (message) => notices.push(message),
  })
})
afterEach(async () => {
  await provider[Symbol.asyncDispose]()
  await server.stop()
})

function put(key: string, text: string, version?: string) {
  return provider.write(key, bytesSource(Buffer.from(text)), {
    signal,
    expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
    metadata: { user: {} },
  })
}

async function keys(): Promise<string[]> {
  const all: string[] = []
  for await (const page of provider.list({ prefix: '' }, { signal }))
    all.push(...page.map(({ key }) => key))
  return all
}

test('one claim is made that others cannot recognise, and is finished; then no more', async () => {
  const first = await put('first', 'a')
  const second = await put('second', 'b')
  server.resetCounts()
  await provider.remove('first', { signal, expect: first.version })
  expect(server.requests).toEqual({ PutObject: 1, HeadObject: 1, DeleteObject: 1 })
  expect(notices).toEqual([expect.stringContaining('lsync doctor')])

  server.resetCounts()
  const newer = await put('second', 'c', second.version)
  await expect(provider.remove('second', { signal, expect: second.version })).rejects.toMatchObject(
    { code: 'precondition-failed' },
  )
  expect(await keys()).toEqual(['second'])
  await provider.remove('second', { signal, expect: newer.version })
  // The write, and no claim.
  expect(server.requests).toMatchObject({ PutObject: 1, DeleteObject: 1 })
  expect(await keys()).toEqual([])
  expect(notices).toHaveLength(1)
  // As doctor does.
  expect(await provider.probe!({ signal, scratch: 'probe/' })).toMatchObject({
    guarantees: { replace: 'atomic', remove: 'checked' },
  })
})

test('also where the answer to the claim was lost', async () => {
  const { version } = await put('key', 'a')
  const last = await put('last', 'b')
  server.inject({ fault: { kind: 'lose-response' }, match: 'PutObject', count: 1 })
  await expect(provider.remove('key', { signal, expect: version })).rejects.toMatchObject({
    code: 'network',
  })
  await provider.remove('key', { signal, expect: version })
  expect(await keys()).toEqual(['last'])
  expect(notices).toHaveLength(1)
  server.resetCounts()
  await provider.remove('last', { signal, expect: last.version })
  expect(server.requests.PutObject).toBeUndefined()
  expect(await keys()).toEqual([])
})
