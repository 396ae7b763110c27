import { createHash, randomBytes } from 'node:crypto'
import {
  type ByteSource,
  compareKeys,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type StorageProvider,
} from '@lsync/core/provider'
import { afterAll, describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'
import { pagesOf } from '../src/listing.ts'
import { meddled, newBucket, server, signal } from './server.ts'

const bucket = await newBucket()
const url = `s3://${bucket}/uploads`
const options = { signal, settings: {}, environment: server.environment, concurrency: 8 }
const first = await s3.open(url, options)
const known = await first.probe!({ signal, scratch: 'probe/' })
await first[Symbol.asyncDispose]()
const opened: StorageProvider[] = []
async function open(report = known): Promise<StorageProvider> {
  const provider = await s3.open(url, { ...options, known: report })
  opened.push(provider)
  return provider
}
const provider = await open()
afterAll(() => Promise.all(opened.map((one) => one[Symbol.asyncDispose]())))

const MIB = 1024 * 1024
const ABSENT: Expect = { kind: 'absent' }
const NOTHING = { user: {} }

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    digests: { sha256: createHash('sha256').update(bytes).digest('hex') },
    bytes,
    async *open(from) {
      yield bytes.subarray(from)
    },
  }
}

async function upload(
  by: StorageProvider,
  key: string,
  bytes: Uint8Array,
  condition: Expect,
  metadata = NOTHING,
): Promise<ObjectInfo> {
  const session = await by.uploads!.begin(key, {
    signal,
    size: bytes.length,
    digests: {},
    expect: condition,
    metadata,
  })
  for (const { from, to } of await session.missing({ signal }))
    await session.put({ from, to }, sourceOf(bytes.subarray(from, to)), { signal })
  return session.commit({ signal })
}

async function codeOf(operation: Promise<unknown>): Promise<string> {
  try {
    await operation
    return 'done'
  } catch (error) {
    return isStorageError(error) ? error.code : String(error)
  }
}

async function read(key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const { body } = await provider.read(key, { signal })
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe(`uploads on ${server.name}`, () => {
  test('the ETag of one is the digest that is told of it', async () => {
    const bytes = randomBytes(17 * MIB)
    const info = await upload(provider, 'digest', bytes, ABSENT)
    const md5 = (data: Uint8Array): Buffer => createHash('md5').update(data).digest()
    const parts = [0, 8, 16].map((at) => md5(bytes.subarray(at * MIB, (at + 8) * MIB)))
    expect(info.digests).toEqual({
      [`md5/${8 * MIB}`]: `${md5(Buffer.concat(parts)).toString('hex')}-3`,
    })
    expect((await provider.head('digest', { signal }))?.fingerprint).toBe(info.fingerprint)
  })

  test('of several that end at once, exactly one wins', async () => {
    for (let round = 0; round < 5; round++) {
      const key = `race/${round}`
      let condition: Expect = { kind: 'absent' }
      for (const size of [10, 20]) {
        const results = await Promise.all(
          Array.from({ length: 8 }, async (_, racer) => {
            const by = await open()
            return codeOf(upload(by, key, new Uint8Array(size).fill(racer), condition))
          }),
        )
        expect(results.filter((result) => result === 'done')).toHaveLength(1)
        const content = await read(key)
        expect(content.length).toBe(size)
        expect(content.every((byte) => byte === content[0])).toBe(true)
        expect(results[content[0] ?? 9]).toBe('done')
        const now = await provider.head(key, { signal })
        condition = { kind: 'version', version: now?.version ?? '' }
      }
    }
  })

  test('one that others began, and whose size nobody knows, is never ended', async () => {
    const session = await provider.uploads!.begin('unknown', {
      signal,
      size: 5,
      digests: {},
      expect: ABSENT,
      metadata: NOTHING,
    })
    const pending = []
    for await (const one of provider.uploads!.listPending({ signal })) pending.push(one)
    // MinIO lists the uploads of a key only when it is asked for just that key.
    const token = pending.find(({ key }) => key === 'unknown')?.token ?? {
      key: 'unknown',
      uploadId: session.token['uploadId'] ?? '',
    }
    expect(await codeOf(provider.uploads!.resume(token, { signal }))).toBe('upload-lost')
    expect(await codeOf(session.commit({ signal }))).toBe('unexpected')
    await session.abort({ signal })
    expect(await provider.head('unknown', { signal })).toBeUndefined()
  })

  test('where their end keeps no condition, somebody looks first', async () => {
    const careful = await open({
      ...known,
      guarantees: { ...known.guarantees, commit: 'checked', copy: 'none' },
    })
    expect(careful.uploads!.worthwhile).toBeGreaterThan(5 * 1024 * MIB)
    expect(careful.copy).toBeUndefined()
    await upload(careful, 'careful', new Uint8Array(3), ABSENT)
    expect(await codeOf(upload(careful, 'careful', new Uint8Array(4), ABSENT))).toBe(
      'precondition-failed',
    )
    const stale: Expect = { kind: 'version', version: '0'.repeat(32) }
    expect(await codeOf(upload(careful, 'careful', new Uint8Array(4), stale))).toBe(
      'precondition-failed',
    )
    expect((await read('careful')).length).toBe(3)
  })
})

describe(`copies on ${server.name}`, () => {
  test.each([0, 1, 9 * MIB, 17 * MIB])(
    'of %i bytes are whole, with the metadata that is given',
    async (size) => {
      const bytes = randomBytes(size)
      const from = `copy/from ü ${size}`
      const to = `copy/to ${size}`
      const source = await provider.write(from, sourceOf(bytes), {
        signal,
        expect: ABSENT,
        metadata: NOTHING,
      })
      const metadata = { user: { author: 'é', mtime: '1.5' }, contentType: 'text/x-test' }
      const info = await provider.copy!({ key: from, version: source.version }, to, {
        signal,
        expect: ABSENT,
        metadata,
        size,
      })
      expect(info.size).toBe(size)
      expect((await read(to)).equals(bytes)).toBe(true)
      expect((await provider.head(to, { signal }))?.metadata).toEqual(metadata)
    },
  )

  test('keep the conditions of both ends', async () => {
    const write = (key: string, text: string): Promise<ObjectInfo> =>
      provider.write(key, sourceOf(Buffer.from(text)), {
        signal,
        expect: ABSENT,
        metadata: NOTHING,
      })
    const source = await write('both/source', 'source')
    const there = await write('both/there', 'there')
    const copy = (version: string, to: string, condition: Expect): Promise<string> =>
      codeOf(
        provider.copy!({ key: 'both/source', version }, to, {
          signal,
          expect: condition,
          metadata: NOTHING,
          size: 6,
        }),
      )
    expect(await copy('0'.repeat(32), 'both/new', ABSENT)).toBe('precondition-failed')
    expect(await copy(source.version, 'both/there', ABSENT)).toBe('precondition-failed')
    expect(
      await copy(source.version, 'both/there', { kind: 'version', version: source.version }),
    ).toBe('precondition-failed')
    expect(
      await copy(source.version, 'both/gone', { kind: 'version', version: source.version }),
    ).toBe('precondition-failed')
    expect((await read('both/there')).toString()).toBe('there')
    expect(
      await copy(source.version, 'both/there', { kind: 'version', version: there.version }),
    ).toBe('done')
    expect((await read('both/there')).toString()).toBe('source')
    await provider.remove('both/source', { signal, expect: source.version })
    expect(await copy(source.version, 'both/new', ABSENT)).toBe('not-found')
  })
})

test(`pages may end at any key, on ${server.name}`, async () => {
  const requester = await meddled(bucket, (_, send) => send())
  const names = [
    'a b',
    'a+b',
    'a%2Bb',
    'a&b',
    'a<b',
    'é',
    'e\u0301',
    '日本',
    '\u{1F600}',
    'x/y',
    '~',
    '\u{FF21}',
  ]
  for (const name of names)
    await provider.write(`pages/${name}`, sourceOf(Buffer.from(name)), {
      signal,
      expect: ABSENT,
      metadata: NOTHING,
    })
  const seen: string[] = []
  const folder = 'uploads/pages/'
  for await (const { objects } of pagesOf(requester, { prefix: folder, page: '1' }, signal))
    seen.push(...Array.from(objects, ({ key }) => key.slice(folder.length)))
  expect(seen).toEqual(names.toSorted(compareKeys))
  for (const name of names) {
    const after: string[] = []
    for await (const page of provider.list(
      { prefix: 'pages/', after: `pages/${name}` },
      { signal },
    ))
      after.push(...page.map(({ key }) => key.slice('pages/'.length)))
    expect(after).toEqual(seen.slice(seen.indexOf(name) + 1))
  }
})
