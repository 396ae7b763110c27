import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import {
  bytesSource,
  type Expect,
  type ProbeReport,
  type StorageProvider,
} from '@lsync/core/provider'
import {
  Clones,
  type Fault,
  type FaultyS3,
  firstOfEachKey,
  loginPage,
  type Operation,
  startFaultyS3,
} from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** What answers in the store's place, and says yes to what nobody did. */
const IMPOSTORS: readonly (readonly [string, Fault])[] = [
  ['a page of a network that wants a login', loginPage],
  [
    'a page that begins with a remark',
    {
      kind: 'impostor',
      headers: { 'content-type': 'text/html', etag: '"5f3c9a2b-7d"' },
      body: '<!-- welcome -->\n<script>location = "/login"</script>\n',
    },
  ],
  ['an empty answer', { kind: 'impostor' }],
  [
    'an answer with a name, and no checksum',
    { kind: 'impostor', headers: { etag: '"0123456789abcdef0123456789abcdef"' } },
  ],
  [
    'an answer to another request',
    {
      kind: 'impostor',
      headers: {
        etag: '"0123456789abcdef0123456789abcdef"',
        'x-amz-checksum-sha256': createHash('sha256').update('another').digest('base64'),
      },
    },
  ],
]

let server: FaultyS3
let clones: Clones
const { signal } = new AbortController()

beforeEach(async () => {
  server = await startFaultyS3({ conditionalDelete: false, buckets: ['impostors'] })
  clones = new Clones(s3, server.environment)
})

afterEach(async () => {
  await server.stop()
  clones[Symbol.dispose]()
})

describe.each(IMPOSTORS)('%s', (_, fault) => {
  beforeEach(async () => {
    for (const name of ['a', 'b']) await clones.init(name, 's3://impostors')
    for (const name of ['f', 'g', 'h']) writeFileSync(clones.path('a', name), `before ${name}`)
    await clones.sync('a')
    await clones.sync('b')
  })

  test('to a write is no proof that it took place, though the object before it was as large', async () => {
    writeFileSync(clones.path('a', 'f'), 'behind f')
    const injected = server.inject({ fault, match: 'PutObject', count: 1 })
    await clones.sync('a')
    expect(injected.hits).toBe(1)
    await clones.sync('b')
    expect(readFileSync(clones.path('b', 'f'), 'utf8')).toBe('behind f')
  })

  test.each<Operation>(['PutObject', 'DeleteObject', 'GetObject', 'HeadObject', 'ListObjectsV2'])(
    'to every first %s costs nothing',
    async (operation) => {
      writeFileSync(clones.path('a', 'f'), 'changed')
      writeFileSync(clones.path('a', 'new'), 'new')
      rmSync(clones.path('a', 'g'))
      for (const name of ['a', 'b']) {
        server.clearFaults()
        server.inject(firstOfEachKey(operation, fault))
        // Whatever comes of it: some answers end a run.
        await clones.sync(name).catch(() => undefined)
      }
      server.clearFaults()
      for (const name of ['a', 'b', 'a']) await clones.sync(name)
      for (const name of ['a', 'b']) {
        expect(readFileSync(clones.path(name, 'f'), 'utf8')).toBe('changed')
        expect(readFileSync(clones.path(name, 'new'), 'utf8')).toBe('new')
        expect(readFileSync(clones.path(name, 'h'), 'utf8')).toBe('before h')
      }
    },
  )

  test('to everything ends a run, and nothing is removed', async () => {
    const injected = server.inject({ fault })
    await expect(clones.sync('b')).rejects.toMatchObject({ code: 'network' })
    injected.remove()
    expect(await clones.sync('b')).toMatchObject({ totals: { unchanged: 3 } })
  })
})

/** A provider that knows what its server keeps. */
async function opened(): Promise<StorageProvider> {
  const options = { signal, settings: {}, environment: server.environment, concurrency: 4 }
  const known = await probed(await s3.open('s3://impostors', options))
  return s3.open('s3://impostors', { ...options, known })
}

async function probed(provider: StorageProvider): Promise<ProbeReport> {
  await using first = provider
  return await first.probe!({ signal, scratch: 'probe/' })
}

test.each(IMPOSTORS)('%s to a claim is none: what others wrote stays', async (_, fault) => {
  await using provider = await opened()
  const write = (text: string, before: Expect) =>
    provider.write('f', bytesSource(Buffer.from(text)), {
      signal,
      expect: before,
      metadata: { user: {} },
    })
  const { version } = await write('one', { kind: 'absent' })
  await write('two', { kind: 'version', version })
  server.inject({ fault, match: 'PutObject', count: 1 })
  await expect(provider.remove('f', { signal, expect: version })).rejects.toBeDefined()
  expect(await provider.head('f', { signal })).toMatchObject({ size: 3 })
})

describe.each<[string, Fault]>([
  ['a web page', { ...loginPage, status: 404 } as Fault],
  ['a line of text', { kind: 'impostor', status: 404, body: '404 page not found\n' }],
  ['nothing', { kind: 'impostor', status: 404 }],
])('%s that says 404 is no absence', (_, fault) => {
  test('of an object', async () => {
    await using provider = await opened()
    const written = await provider.write('f', bytesSource(Buffer.from('one')), {
      signal,
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
    const injected = server.inject({ fault })
    const acts: readonly (() => Promise<unknown>)[] = [
      () => provider.head('f', { signal }),
      () => provider.read('f', { signal }),
      () => provider.remove('f', { signal, expect: written.version }),
    ]
    for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'network' })
    injected.remove()
    expect(await provider.head('f', { signal })).toMatchObject({ version: written.version })
  })

  test('to a HEAD the store is asked once more, by a GET', async () => {
    await using provider = await opened()
    const injected = server.inject({ fault, match: 'HeadObject' })
    expect(await provider.head('none', { signal })).toBeUndefined()
    expect(injected.hits).toBe(1)
  })

  test('of the identity of a remote', async () => {
    await clones.init('a', 's3://impostors')
    writeFileSync(clones.path('a', 'f'), 'here')
    await clones.sync('a')
    server.inject({ fault, match: 'GetObject' })
    await expect(clones.sync('a')).rejects.toMatchObject({ code: 'network' })
  })
})

test('a page that refuses one name, as of a servlet container, is a problem of that path, and the rest is synced', async () => {
  await clones.init('a', 's3://impostors')
  for (const name of ['f', 'odd\\name', 'z']) writeFileSync(clones.path('a', name), name)
  server.inject({
    fault: {
      kind: 'impostor',
      status: 400,
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><html lang="en"><body><h1>HTTP Status 400</h1></body></html>',
    },
    match: ({ key }) => key.includes('\\'),
  })
  expect(await clones.sync('a')).toMatchObject({
    problems: [{ path: 'odd\\name', code: 'remote-refused' }],
    totals: { uploaded: { files: 2 } },
  })
})

test('what a server says in no form is told', async () => {
  const said = 'Client sent an HTTP request to an HTTPS server.'
  server.inject({ fault: { kind: 'impostor', status: 400, body: `${said}\n` } })
  const options = { signal, settings: {}, environment: server.environment, concurrency: 4 }
  await expect(s3.open('s3://impostors', options)).rejects.toMatchObject({
    code: 'unexpected',
    message: said,
  })
})

test('a web page is told as one, with the host that it came from', async () => {
  const options = { signal, settings: {}, environment: server.environment, concurrency: 4 }
  const { host } = new URL(server.endpoint)
  for (const status of [200, 403, 404, 511]) {
    const injected = server.inject({ fault: { ...loginPage, status } as Fault })
    await expect(s3.open('s3://impostors', options)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining(`${host} answers with a web page`),
    })
    injected.remove()
  }
  server.inject({
    fault: { kind: 'impostor', status: 302, headers: { location: 'http://login.example/?from=x' } },
  })
  await expect(s3.open('s3://impostors', options)).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining(`${host} sends to http://login.example`),
  })
})
