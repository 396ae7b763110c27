import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initRepository, nodeMachine, openRepository, syncRepository } from '@lsync/core'
import { type FaultRule, type FaultyS3, type S3Request, startFaultyS3 } from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { headRaw, readObject } from '../src/reading.ts'
import { fake, requesterTo } from './fake.ts'
import { refusesChecksums, refusesConditions } from './refusals.ts'
import s3 from '../src/index.ts'

const { signal } = new AbortController()

describe.each<[string, readonly FaultRule<S3Request>[], string]>([
  ['conditions', [refusesConditions], 'checked'],
  ['checksums', [refusesChecksums], 'atomic'],
  ['both', [refusesConditions, refusesChecksums], 'checked'],
])('a store that refuses headers: %s', (_, faults, guarantee) => {
  let server: FaultyS3
  let folder: string
  beforeEach(async () => {
    server = await startFaultyS3({ faults, conditionalDelete: false, buckets: ['bucket'] })
    folder = mkdtempSync(join(tmpdir(), 'lsync-refused-'))
  })
  afterEach(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is synced with, and not asked by them once the probe was there', async () => {
    const machine = nodeMachine({
      environment: server.environment,
      author: 'tester',
      providers: { schemes: ['s3'], get: async () => s3 },
    })
    // The second finds an identity there, which it reads before its probe.
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, name))
      const { report } = await initRepository(machine, {
        folder: join(folder, name),
        remote: 's3://bucket',
        settings: {},
        signal,
        onEvent: () => undefined,
      })
      expect(report?.guarantees).toMatchObject({ create: guarantee, replace: guarantee })
      expect(report?.findings).toContainEqual(
        expect.objectContaining({ check: 'conditional-writes', ok: guarantee === 'atomic' }),
      )
      expect(report?.findings).toContainEqual(
        expect.objectContaining({ check: 'checksums', ok: true }),
      )
    }
    const sync = async (name: string) =>
      syncRepository(machine, await openRepository(machine, join(folder, name)), {
        mode: 'sync',
        paths: [],
        dryRun: false,
        allow: [],
        signal,
        onEvent: () => undefined,
      })
    server.resetCounts()
    const good = { conflicts: [], problems: [] }
    for (const file of ['one', 'two', 'three']) writeFileSync(join(folder, 'a', file), file)
    writeFileSync(join(folder, 'a', 'large'), Buffer.alloc(20 * 1024 * 1024, 7))
    expect(await sync('a')).toMatchObject({ ...good, totals: { uploaded: { files: 4 } } })
    expect(await sync('b')).toMatchObject({ ...good, totals: { downloaded: { files: 4 } } })
    writeFileSync(join(folder, 'b', 'one'), 'changed')
    rmSync(join(folder, 'b', 'two'))
    expect(await sync('b')).toMatchObject({
      ...good,
      totals: { uploaded: { files: 1 }, removedRemotely: 1 },
    })
    expect(await sync('a')).toMatchObject({
      ...good,
      totals: { downloaded: { files: 1 }, removedLocally: 1 },
    })
    expect(readFileSync(join(folder, 'a', 'one'), 'utf8')).toBe('changed')
    expect(server.log.filter(({ fault }) => fault !== undefined)).toEqual([])
  })
})

describe('what a read is refused for', () => {
  const OBJECT = { etag: '"e"', 'last-modified': 'Mon, 02 Mar 2026 10:00:00 GMT' }

  test('is no header where it is refused without it, too: it is sent again the next time', async () => {
    const asked: string[] = []
    const server = await fake((request, response) => {
      asked.push(`${request.method} ${String(request.headers['x-amz-checksum-mode'])}`)
      response.writeHead(400).end('<Error><Code>InvalidRequest</Code></Error>')
    })
    const { requester, connections } = await requesterTo(`http://127.0.0.1:${server.port}`)
    try {
      for (let time = 0; time < 2; time++)
        await expect(readObject(requester, 'key', { signal })).rejects.toMatchObject({
          code: 'refused',
        })
      await expect(headRaw(requester, 'key', { signal })).rejects.toMatchObject({ code: 'refused' })
      expect(asked).toEqual([
        'GET ENABLED',
        'GET undefined',
        'GET ENABLED',
        'GET undefined',
        'HEAD ENABLED',
        'GET undefined',
      ])
    } finally {
      await connections.destroy()
      await server.stop()
    }
  })

  test('is found out by each of several at once', async () => {
    const server = await fake((request, response) => {
      if (request.headers['x-amz-checksum-mode'] !== undefined) response.writeHead(400).end()
      else response.writeHead(200, { ...OBJECT, 'content-length': '0' }).end()
    })
    const { requester, connections } = await requesterTo(`http://127.0.0.1:${server.port}`)
    try {
      const reads = Array.from({ length: 6 }, (_, index) =>
        index % 2 === 0
          ? headRaw(requester, 'key', { signal })
          : readObject(requester, 'key', { signal }),
      )
      for (const found of await Promise.all(reads)) expect(found?.info.size).toBe(0)
    } finally {
      await connections.destroy()
      await server.stop()
    }
  })

  test('is looked for once, also of an object that is empty', async () => {
    const asked: string[] = []
    const server = await fake((request, response) => {
      const mode = request.headers['x-amz-checksum-mode']
      asked.push(`${request.method} ${String(mode)}`)
      if (mode !== undefined) response.writeHead(400).end()
      else if (request.headers.range !== undefined)
        response.writeHead(416).end('<Error><Code>InvalidRange</Code></Error>')
      else response.writeHead(200, { ...OBJECT, 'content-length': '0' }).end()
    })
    const { requester, connections } = await requesterTo(`http://127.0.0.1:${server.port}`)
    try {
      for (let time = 0; time < 2; time++)
        expect(await headRaw(requester, 'key', { signal })).toMatchObject({ info: { size: 0 } })
      expect(asked).toEqual(['HEAD ENABLED', 'GET undefined', 'HEAD undefined', 'HEAD undefined'])
    } finally {
      await connections.destroy()
      await server.stop()
    }
  })
})
