import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import {
  Clones,
  conflict,
  type Fault,
  type FaultyS3,
  firstOfEachKey,
  type InjectedFault,
  internalError,
  type Operation,
  type S3Request,
  slowDown,
  startFaultyS3,
} from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** The whole engine over the real provider, on a server that fails on command. */
let server: FaultyS3
let clones: Clones

beforeEach(async () => {
  server = await startFaultyS3({ conditionalDelete: false, buckets: ['faults'] })
  clones = new Clones(s3, server.environment)
  for (const name of ['a', 'b']) await clones.init(name, 's3://faults')
})

afterEach(async () => {
  await server.stop()
  clones[Symbol.dispose]()
})

const OPERATIONS: readonly Operation[] = [
  'PutObject',
  'GetObject',
  'HeadObject',
  'ListObjectsV2',
  'DeleteObject',
]

const FAULTS: Readonly<Record<string, Fault>> = {
  'a lost response': { kind: 'lose-response' },
  'a lost request': { kind: 'drop' },
  'a conflict with another request': conflict,
  'a failure of the store': internalError,
  'a failure of the store after it acted': { ...internalError, acted: true } as Fault,
  'a request for a slower pace': slowDown(1),
  'a body that breaks off': { kind: 'cut-body' },
  'a slow body': { kind: 'slow-body', bytesPerSecond: 50_000 },
  'a flipped bit': { kind: 'flip-bit' },
}

describe('a sync gets through', () => {
  for (const [name, fault] of Object.entries(FAULTS))
    for (const operation of OPERATIONS) {
      // A byte in a listing or an error is no content: the parser refuses it, or it is read again.
      if (fault.kind === 'flip-bit' && operation !== 'GetObject') continue
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

test('one request for each small file, and none without a change', async () => {
  for (let index = 0; index < 50; index++)
    writeFileSync(clones.path('a', `f${index}`), `content ${index}`)
  server.resetCounts()
  await clones.sync('a')
  expect(server.requests.PutObject).toBe(50)
  expect(server.requests.HeadObject ?? 0).toBe(0)
  server.resetCounts()
  await clones.sync('b')
  expect(server.requests).toEqual({ ListObjectsV2: 3, GetObject: 51 })
  // A second may have passed between the write and its answer: such a file is looked at once more.
  await clones.sync('a')
  server.resetCounts()
  await clones.sync('a')
  expect(server.requests).toEqual({ ListObjectsV2: 3, GetObject: 1 })
})

test('a listing that breaks off removes nothing, and ends the run', async () => {
  for (let index = 0; index < 12; index++)
    writeFileSync(clones.path('a', `f${index}`), `content ${index}`)
  await clones.sync('a')
  server.inject({ fault: { kind: 'cut-body' }, match: 'ListObjectsV2' })
  await expect(clones.sync('a')).rejects.toMatchObject({ code: 'network' })
  server.clearFaults()
  expect(await clones.sync('a')).toMatchObject({
    totals: { unchanged: 12, removedLocally: 0, removedRemotely: 0 },
  })
})

/** Several slices of what a provider hands on at once. */
describe('a page that lacks keys which it counts', () => {
  const names = Array.from({ length: 200 }, (_, index) => `f${String(index).padStart(3, '0')}`)
  const short = { kind: 'short-page', omitted: (key: string) => /f00[3-5]$/.test(key) } as const
  const everything = { match: ({ query }: S3Request) => query.get('max-keys') === '1000' }

  beforeEach(async () => {
    for (const name of names) writeFileSync(clones.path('a', name), name)
    await clones.sync('a')
    await clones.sync('b')
  })

  test('is asked for again, and nothing that it lacks reads as removed', async () => {
    const fault = server.inject({ fault: short, ...everything, count: 2 })
    expect(await clones.sync('b')).toMatchObject({
      totals: { unchanged: names.length, removedLocally: 0, removedRemotely: 0 },
    })
    expect(fault.hits).toBe(2)
  })

  test('ends the run if it stays so', async () => {
    server.inject({ fault: short, ...everything })
    await expect(clones.sync('b')).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('keys instead of'),
    })
    expect(readdirSync(clones.path('b'))).toEqual(expect.arrayContaining(names))
  })
})
