import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  initRepository,
  isAlive,
  type Machine,
  nodeDisk,
  nodeWorld,
  openRepository,
  processIdentity,
  type RunReport,
  syncRepository,
} from '@lsync/core'
import { type Fault, type FaultyS3, startFaultyS3 } from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** The whole engine over the real provider, on a server that fails on command. */
let server: FaultyS3
let folder: string
let machine: Machine
const { signal } = new AbortController()
const onEvent = (): void => undefined

beforeEach(async () => {
  server = await startFaultyS3({ conditionalDelete: false })
  folder = mkdtempSync(join(tmpdir(), 'lsync-faults-'))
  const world = nodeWorld()
  machine = {
    // Pauses between attempts are not what is tested here.
    world: {
      ...world,
      sleep: (milliseconds, aborted) => world.sleep(Math.min(milliseconds, 5), aborted),
    },
    environment: {
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_REGION: 'us-east-1',
    },
    author: 'tester',
    providers: { schemes: ['s3'], get: async () => s3 },
    openDisk: nodeDisk,
    process: processIdentity(),
    isAlive,
  }
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name))
    await initRepository(machine, {
      folder: join(folder, name),
      remote: `s3://${server.bucket}`,
      settings: {},
      signal,
      onEvent,
    })
  }
})

afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function sync(name: string): Promise<RunReport> {
  const repository = await openRepository(machine, join(folder, name))
  return syncRepository(machine, repository, {
    mode: 'sync',
    paths: [],
    dryRun: false,
    allow: [],
    signal,
    onEvent,
  })
}

/** The fault for the first request of each key and operation, nothing afterwards. */
function once(operation: string, fault: Fault): void {
  const met = new Set<string>()
  server.fault = (seen) => {
    const what = `${seen.operation} ${seen.key}`
    if (seen.operation !== operation || met.has(what)) return undefined
    met.add(what)
    return fault
  }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'a lost response': { kind: 'lost-response' },
  'a lost request': { kind: 'lost-request' },
  'a conflict with another request': {
    kind: 'refuse',
    status: 409,
    code: 'ConditionalRequestConflict',
  },
  'a failure of the store': { kind: 'refuse', status: 500, code: 'InternalError' },
  'a request for a slower pace': { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: 1 },
  'a body that breaks off': { kind: 'torn-body' },
  'a slow body': { kind: 'slow-body', pause: 20 },
  'a flipped byte': { kind: 'flipped-byte' },
}

describe('a sync gets through', () => {
  for (const [name, fault] of Object.entries(FAULTS))
    for (const operation of ['PUT', 'GET', 'HEAD', 'LIST', 'DELETE']) {
      // A byte in a listing or an error is no content: the parser refuses it, or it is read again.
      if (fault.kind === 'flipped-byte' && operation !== 'GET') continue
      test(`${name}, on every first ${operation}`, async () => {
        for (let index = 0; index < 12; index++)
          writeFileSync(join(folder, 'a', `f${index}`), `content ${index} `.repeat(50))
        once(operation, fault)
        expect(await sync('a')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { uploaded: { files: 12 } },
        })
        expect(await sync('b')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { downloaded: { files: 12 } },
        })
        for (let index = 0; index < 12; index++)
          expect(readFileSync(join(folder, 'b', `f${index}`), 'utf8')).toBe(
            `content ${index} `.repeat(50),
          )
        rmSync(join(folder, 'b', 'f3'))
        writeFileSync(join(folder, 'b', 'f4'), 'changed')
        once(operation, fault)
        expect(await sync('b')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { removedRemotely: 1, uploaded: { files: 1 } },
        })
        expect(await sync('a')).toMatchObject({
          conflicts: [],
          problems: [],
          totals: { removedLocally: 1, downloaded: { files: 1 } },
        })
        expect(readFileSync(join(folder, 'a', 'f4'), 'utf8')).toBe('changed')
      })
    }
})

test('one request for each small file, and none without a change', async () => {
  for (let index = 0; index < 50; index++)
    writeFileSync(join(folder, 'a', `f${index}`), `content ${index}`)
  server.requests.clear()
  await sync('a')
  expect(server.requests.get('PUT')).toBe(50)
  expect(server.requests.get('HEAD') ?? 0).toBe(0)
  server.requests.clear()
  await sync('b')
  expect(Object.fromEntries(server.requests)).toEqual({ LIST: 2, GET: 51 })
  // A second may have passed between the write and its answer: such a file is looked at once more.
  await sync('a')
  server.requests.clear()
  await sync('a')
  expect(Object.fromEntries(server.requests)).toEqual({ LIST: 2, GET: 1 })
})

test('a listing that breaks off removes nothing, and ends the run', async () => {
  for (let index = 0; index < 12; index++)
    writeFileSync(join(folder, 'a', `f${index}`), `content ${index}`)
  await sync('a')
  server.fault = ({ operation }) => (operation === 'LIST' ? { kind: 'torn-body' } : undefined)
  await expect(sync('a')).rejects.toMatchObject({ code: 'network' })
  server.fault = undefined
  expect(await sync('a')).toMatchObject({
    totals: { unchanged: 12, removedLocally: 0, removedRemotely: 0 },
  })
})
