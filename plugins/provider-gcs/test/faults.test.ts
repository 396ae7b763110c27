import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import {
  backendError,
  Clones,
  type Fault,
  type FaultyGcs,
  firstOfEachKey,
  type GcsOperation,
  type InjectedFault,
  rateLimited,
  sessionGone,
  startFaultyGcs,
} from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import gcs from '../src/index.ts'

/** The whole engine over the real provider, on a server that fails on command. */
let server: FaultyGcs
let clones: Clones
const MIB = 1024 * 1024

beforeEach(async () => {
  server = await startFaultyGcs({ buckets: ['faults'], rewriteSize: MIB })
  clones = new Clones(gcs, server.environment)
  for (const name of ['a', 'b']) await clones.init(name, 'gs://faults')
})

afterEach(async () => {
  await server.stop()
  clones[Symbol.dispose]()
})

const OPERATIONS: readonly GcsOperation[] = [
  'InsertObject',
  'ReadObject',
  'GetObject',
  'ListObjects',
  'DeleteObject',
]

const FAULTS: Readonly<Record<string, Fault>> = {
  'a lost response': { kind: 'lose-response' },
  'a lost request': { kind: 'drop' },
  'a conflict with another request': { kind: 'refuse', status: 409, code: 'conflict' },
  'a failure of the store': { kind: 'refuse', status: 500, code: 'internalError' },
  'a failure of the store after it acted': { ...backendError, acted: true } as Fault,
  'a store that is not there now': backendError,
  'a request for a slower pace': rateLimited(1),
  'a body that breaks off': { kind: 'cut-body' },
  'a document that ends early': { kind: 'truncate-document' },
  'a slow body': { kind: 'slow-body', bytesPerSecond: 50_000 },
  'a flipped bit on the way down': { kind: 'flip-bit' },
  'a flipped bit on the way up': { kind: 'flip-bit-up' },
}

/** A wrong byte in a document is no content: the parser refuses it, or it is read again. Only the bytes of files are promised. */
const ONLY: Readonly<Record<string, GcsOperation>> = {
  'flip-bit': 'ReadObject',
  'flip-bit-up': 'InsertObject',
}

describe('a sync gets through', () => {
  for (const [name, fault] of Object.entries(FAULTS))
    for (const operation of OPERATIONS) {
      if ((ONLY[fault.kind] ?? operation) !== operation) continue
      test(`${name}, on every first ${operation}`, async () => {
        const injected: InjectedFault[] = []
        const strike = (): void => {
          server.clearFaults()
          injected.push(server.inject(firstOfEachKey(operation, fault)))
        }
        for (let index = 0; index < 12; index++)
          writeFileSync(clones.path('a', `f${index}`), `content ${index} `.repeat(50))
        strike()
        expect(await clones.sync('a')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { uploaded: { files: 12 } },
        })
        strike()
        expect(await clones.sync('b')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { downloaded: { files: 12 } },
        })
        for (let index = 0; index < 12; index++)
          expect(readFileSync(clones.path('b', `f${index}`), 'utf8')).toBe(
            `content ${index} `.repeat(50),
          )
        rmSync(clones.path('b', 'f3'))
        writeFileSync(clones.path('b', 'f4'), 'changed')
        strike()
        expect(await clones.sync('b')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { removedRemotely: 1, uploaded: { files: 1 } },
        })
        strike()
        expect(await clones.sync('a')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { removedLocally: 1, downloaded: { files: 1 } },
        })
        expect(readFileSync(clones.path('a', 'f4'), 'utf8')).toBe('changed')
        expect(injected.some(({ hits }) => hits > 0)).toBe(true)
      })
    }
})

describe('a large file gets through', () => {
  const bytes = randomBytes(17 * MIB + 5)
  test.each<[string, GcsOperation, Fault]>([
    ['a lost beginning', 'BeginUpload', { kind: 'lose-response' }],
    ['parts without an answer', 'PutUpload', { kind: 'lose-response' }],
    ['parts that never came', 'PutUpload', { kind: 'drop' }],
    ['a part that is kept in part', 'PutUpload', { kind: 'keep-part', bytes: 2 * MIB }],
    ['a part of which nothing is kept', 'PutUpload', { kind: 'keep-part', bytes: 0 }],
    ['a request for a slower pace', 'PutUpload', rateLimited(1)],
    ['a store that is not there now', 'PutUpload', backendError],
    ['a failure after it acted', 'PutUpload', { ...backendError, acted: true } as Fault],
  ])('%s', async (_, operation, fault) => {
    writeFileSync(clones.path('a', 'large'), bytes)
    server.clearFaults()
    server.resetCounts()
    // The first part, and the end, which alone tells the size of the whole.
    const injected = server.inject({ match: operation, fault, count: 1 })
    const end = server.inject({
      match: ({ headers }) => /^bytes .*\/\d+$/.test(headers['content-range'] ?? ''),
      fault,
      count: 1,
    })
    expect(await clones.sync('a')).toMatchObject({
      conflicts: [],
      problems: [],
      totals: { uploaded: { files: 1 } },
    })
    expect(injected.hits + end.hits).toBe(2)
    server.clearFaults()
    await clones.sync('b')
    expect(readFileSync(clones.path('b', 'large')).equals(bytes)).toBe(true)
    expect(server.requests.InsertObject ?? 0).toBe(0)
  })

  test('a flipped bit on the way down is seen at the end, and the file is read again', async () => {
    writeFileSync(clones.path('a', 'large'), bytes)
    await clones.sync('a')
    const injected = server.inject({
      match: ({ operation, key }) => operation === 'ReadObject' && key === 'large',
      fault: { kind: 'flip-bit' },
      count: 1,
    })
    expect(await clones.sync('b')).toMatchObject({
      problems: [],
      totals: { downloaded: { files: 1 } },
    })
    expect(injected.hits).toBe(1)
    expect(readFileSync(clones.path('b', 'large')).equals(bytes)).toBe(true)
  })

  test('a session that is gone in the middle is a problem of that path, until the next run', async () => {
    writeFileSync(clones.path('a', 'large'), bytes)
    server.inject({ match: 'PutUpload', skip: 1, count: 1, fault: sessionGone })
    await clones.sync('a')
    server.clearFaults()
    await clones.sync('a')
    await clones.sync('b')
    expect(readFileSync(clones.path('b', 'large')).equals(bytes)).toBe(true)
  })

  test('a part that was damaged on the way is never the end of an upload', async () => {
    writeFileSync(clones.path('a', 'large'), bytes)
    server.inject({ match: 'PutUpload', count: 1, fault: { kind: 'flip-bit-up' } })
    await clones.sync('a')
    server.clearFaults()
    await clones.sync('a')
    await clones.sync('b')
    expect(readFileSync(clones.path('b', 'large')).equals(bytes)).toBe(true)
  })
})

describe('a file that was moved', () => {
  const bytes = randomBytes(3 * MIB)
  test.each<[string, Fault]>([
    ['nothing', { kind: 'stale-listing', hidden: () => false }],
    ['a lost response', { kind: 'lose-response' }],
    ['a lost request', { kind: 'drop' }],
    ['a failure after it acted', { ...backendError, acted: true } as Fault],
    ['a token that is gone', sessionGone],
  ])('is copied on the server, over %s', async (_, fault) => {
    writeFileSync(clones.path('a', 'one'), bytes)
    for (const name of ['x', 'y', 'z']) writeFileSync(clones.path('a', name), name)
    await clones.sync('a')
    await clones.sync('b')
    renameSync(clones.path('a', 'one'), clones.path('a', 'two'))
    server.resetCounts()
    // Not the first call: it has no token yet.
    server.inject({ match: 'RewriteObject', skip: 1, count: fault === sessionGone ? 1 : 2, fault })
    expect(await clones.sync('a')).toMatchObject({ conflicts: [], problems: [] })
    server.clearFaults()
    expect(server.requests.RewriteObject ?? 0).toBeGreaterThan(2)
    expect(server.bytes.up).toBeLessThan(MIB)
    await clones.sync('b')
    expect(readFileSync(clones.path('b', 'two')).equals(bytes)).toBe(true)
  })
})

test('a copy that the store does not get on with is given up, and the content sent', async () => {
  const bytes = randomBytes(3 * MIB)
  writeFileSync(clones.path('a', 'one'), bytes)
  for (const name of ['x', 'y', 'z']) writeFileSync(clones.path('a', name), name)
  await clones.sync('a')
  renameSync(clones.path('a', 'one'), clones.path('a', 'two'))
  const answer = { done: false, rewriteToken: 'again', totalBytesRewritten: '1048576' }
  const fault: Fault = { kind: 'impostor', body: JSON.stringify(answer) }
  const injected = server.inject({ match: 'RewriteObject', fault })
  expect(await clones.sync('a')).toMatchObject({ conflicts: [], problems: [] })
  expect(injected.hits).toBeLessThan(20)
  await clones.sync('b')
  expect(readFileSync(clones.path('b', 'two')).equals(bytes)).toBe(true)
})

test('one request for each small file, and none without a change', async () => {
  for (let index = 0; index < 50; index++)
    writeFileSync(clones.path('a', `f${index}`), `content ${index}`)
  server.resetCounts()
  await clones.sync('a')
  expect(server.requests.InsertObject).toBe(50)
  await clones.sync('b')
  server.resetCounts()
  await clones.sync('a')
  // At the opening, of the nested repositories, and of all; and the identity of the remote, with its metadata.
  expect(server.requests).toEqual({ ListObjects: 3, ReadObject: 1, GetObject: 1 })
})

test('a listing that breaks off removes nothing, and ends the run', async () => {
  for (let index = 0; index < 12; index++)
    writeFileSync(clones.path('a', `f${index}`), `content ${index}`)
  await clones.sync('a')
  server.inject({ fault: { kind: 'cut-body' }, match: 'ListObjects' })
  await expect(clones.sync('a')).rejects.toMatchObject({ code: 'network' })
  server.clearFaults()
  expect(await clones.sync('a')).toMatchObject({
    totals: { unchanged: 12, removedLocally: 0, removedRemotely: 0 },
  })
})
