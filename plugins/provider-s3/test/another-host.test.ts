import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bytesSource,
  doctorRepository,
  initRepository,
  type Machine,
  nodeMachine,
  openRepository,
  type ProbeReport,
  type StorageProvider,
  syncRepository,
} from '@lsync/core'
import { type FaultyS3, type FaultyS3Options, startFaultyS3 } from '@lsync/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** A bucket that moved to another server under its name, identity and all. */
const { signal } = new AbortController()
const BUCKET = 'moved'
const running: FaultyS3[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

async function start(options: FaultyS3Options = {}): Promise<FaultyS3> {
  const server = await startFaultyS3({ ...options, buckets: [BUCKET] })
  running.push(server)
  return server
}

function open(
  server: FaultyS3,
  known?: ProbeReport,
  notices: string[] = [],
): Promise<StorageProvider> {
  return s3.open(`s3://${BUCKET}`, {
    signal,
    settings: {},
    environment: server.environment,
    concurrency: 4,
    onNotice: (message) => notices.push(message),
    ...(known === undefined ? {} : { known }),
  })
}

function put(provider: StorageProvider, text: string, version?: string) {
  return provider.write('key', bytesSource(Buffer.from(text)), {
    signal,
    expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
    metadata: { user: {} },
  })
}

/** What a probe of Amazon notes. */
const AMAZON: ProbeReport = {
  guarantees: {
    create: 'atomic',
    replace: 'atomic',
    remove: 'atomic',
    commit: 'atomic',
    copy: 'atomic',
  },
  listsFolders: true,
  versioning: true,
  traits: { host: `${BUCKET}.s3.us-east-1.amazonaws.com`, order: 'bytes', conditions: 'quoted' },
  findings: [],
}

describe.each<[string, FaultyS3Options]>([
  ['without conditions on removals', { conditionalDelete: false }],
  ['without any conditions', { conditionalDelete: false, conditionalWrite: false }],
])('a server %s, known by a report of another one', (_, habits) => {
  test('loses nothing that somebody else wrote, and nothing is claimed that nobody tried', async () => {
    const server = await start(habits)
    const notices: string[] = []
    await using provider = await open(server, AMAZON, notices)
    await using other = await open(server)
    expect(notices).toEqual([expect.stringContaining('lsync doctor')])
    expect(provider).toMatchObject({
      guarantees: {
        create: 'checked',
        replace: 'checked',
        remove: 'checked',
        commit: 'none',
        copy: 'none',
      },
      listsFolders: false,
    })
    expect(provider).not.toHaveProperty('history')
    expect(provider).not.toHaveProperty('copy')

    const first = await put(provider, 'one')
    const second = await put(other, 'two', first.version)
    const refused = { code: 'precondition-failed' }
    await expect(provider.remove('key', { signal, expect: first.version })).rejects.toMatchObject(
      refused,
    )
    await expect(put(provider, 'three', first.version)).rejects.toMatchObject(refused)
    await expect(put(provider, 'three')).rejects.toMatchObject(refused)
    expect(await provider.head('key', { signal })).toMatchObject({ version: second.version })
    await provider.remove('key', { signal, expect: second.version })
    expect(await provider.head('key', { signal })).toBeUndefined()
    await expect(provider.remove('key', { signal, expect: second.version })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

test('conditions are sent all the same: nobody slips in behind the look where they are kept', async () => {
  const server = await start({ conditionalDelete: false })
  await using provider = await open(server, AMAZON)
  const conditions: unknown[] = []
  server.inject({
    fault: { kind: 'drop' },
    match({ operation, headers }) {
      if (operation === 'PutObject')
        conditions.push(headers['if-match'] ?? headers['if-none-match'])
      return false
    },
  })
  const first = await put(provider, 'one')
  const second = await put(provider, 'two', first.version)
  await provider.remove('key', { signal, expect: second.version })
  expect(conditions).toEqual(['*', `"${first.version}"`, `"${second.version}"`])
})

test('a removal whose answer was lost is finished by the next attempt', async () => {
  const server = await start({ conditionalDelete: false })
  await using provider = await open(server, AMAZON)
  const { version } = await put(provider, 'one')
  server.inject({ fault: { kind: 'lose-response' }, match: 'PutObject', count: 1 })
  await expect(provider.remove('key', { signal, expect: version })).rejects.toMatchObject({
    code: 'network',
  })
  await provider.remove('key', { signal, expect: version })
  expect(server.requests.DeleteObject).toBe(1)
  expect(await provider.head('key', { signal })).toBeUndefined()
})

describe('a repository whose bucket is at another server now', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lsync-moved-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  test('is told so until doctor was there, and keeps its empty folders', async () => {
    const [before, after] = [await start(), await start({ folderObjects: false })]
    const machine = nodeMachine({
      environment: before.environment,
      author: 'tester',
      providers: { schemes: ['s3'], get: async () => s3 },
    })
    const now: Machine = { ...machine, environment: after.environment }
    await initRepository(machine, {
      folder,
      remote: `s3://${BUCKET}`,
      settings: {},
      signal,
      onEvent: () => undefined,
    })
    mkdirSync(join(folder, 'empty'))
    writeFileSync(join(folder, 'file'), 'content')
    const notices: string[] = []
    const onEvent = (event: { readonly type: string; readonly message?: string }): void => {
      if (event.type === 'notice') notices.push(event.message ?? '')
    }
    const sync = async (on: Machine) => {
      notices.length = 0
      return syncRepository(on, await openRepository(on, folder), {
        mode: 'sync',
        paths: [],
        dryRun: false,
        allow: [],
        signal,
        onEvent,
      })
    }
    await sync(machine)
    expect(notices).toEqual([])
    await copyFiles(before, after)

    expect(await sync(now)).toMatchObject({ problems: [], conflicts: [] })
    expect(notices).toEqual([expect.stringContaining('lsync doctor')])
    expect(readdirSync(folder)).toEqual(['.lsync', 'empty', 'file'])

    const { report, findings } = await doctorRepository(now, await openRepository(now, folder), {
      signal,
      onEvent,
    })
    expect(report).toMatchObject({ guarantees: { replace: 'atomic' }, listsFolders: false })
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    await sync(now)
    expect(notices).toEqual([])
    expect(readdirSync(folder)).toEqual(['.lsync', 'empty', 'file'])
  })
})

/** As a tool does that knows of no folders. */
async function copyFiles(from: FaultyS3, to: FaultyS3): Promise<void> {
  await using source = await open(from)
  await using target = await open(to)
  for await (const page of source.list({ prefix: '' }, { signal }))
    for (const { key } of page.filter((info) => !info.key.endsWith('/'))) {
      const { info, body } = await source.read(key, { signal })
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      await target.write(key, bytesSource(Buffer.concat(chunks)), {
        signal,
        expect: { kind: 'absent' },
        metadata: info.metadata ?? { user: {} },
      })
    }
}
