import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FaultyGcs, type FaultyGcsOptions, startFaultyGcs } from '@lsync/servers'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** The command as people run it, over gs://. */
import { environmentOf } from './environment.ts'

const BIN = fileURLToPath(new URL('../../../packages/cli/bin/run.js', import.meta.url))
let folder: string
const servers: FaultyGcs[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lsync-gcs-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: FaultyGcsOptions = {}): Promise<FaultyGcs> {
  const server = await startFaultyGcs({ buckets: ['bucket'], ...options })
  servers.push(server)
  return server
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Without a scheme, as Google's clients take it, too. */
function lsync({ endpoint }: FaultyGcs, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: environmentOf(folder, { STORAGE_EMULATOR_HOST: endpoint.replace('http://', '') }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, output })
    })
  })
}

function at(...names: readonly string[]): string {
  return join(folder, ...names)
}

test('two clones of one bucket: everything arrives, edits meet, and nothing is lost', async () => {
  const server = await start({ rewriteSize: 1024 * 1024 })
  const run = (...args: readonly string[]): Promise<Ended> => lsync(server, ...args)
  const made = await run('init', 'gs://bucket/some/prefix', 'a')
  expect(made.output).toContain('gs://bucket/some/prefix')
  expect(made.code).toBe(0)

  const large = randomBytes(17 * 1024 * 1024 + 3)
  mkdirSync(at('a', 'sub', 'empty'), { recursive: true })
  writeFileSync(at('a', 'large.bin'), large)
  writeFileSync(at('a', 'sub', 'ä #1? 100%.txt'), 'odd')
  writeFileSync(at('a', 'tool.sh'), '#!/bin/sh\n')
  chmodSync(at('a', 'tool.sh'), 0o755)
  for (const name of ['one', 'two', 'three', 'four']) writeFileSync(at('a', name), name)
  expect(await run('-C', 'a', 'sync')).toMatchObject({ code: 0 })
  expect(server.requests.PutUpload ?? 0).toBeGreaterThan(2)

  expect(await run('clone', 'gs://bucket/some/prefix', 'b')).toMatchObject({ code: 0 })
  expect(readFileSync(at('b', 'large.bin')).equals(large)).toBe(true)
  expect(readFileSync(at('b', 'sub', 'ä #1? 100%.txt'), 'utf8')).toBe('odd')
  expect(statSync(at('b', 'tool.sh')).mode & 0o111).toBe(0o111)
  expect(statSync(at('a', 'one')).mtimeMs).toBeCloseTo(statSync(at('b', 'one')).mtimeMs, 0)
  expect(existsSync(at('b', 'sub', 'empty'))).toBe(true)

  // Moved here, changed on both sides, removed there.
  renameSync(at('a', 'large.bin'), at('a', 'sub', 'moved.bin'))
  writeFileSync(at('a', 'one'), 'by a')
  server.resetCounts()
  expect(await run('-C', 'a', 'sync')).toMatchObject({ code: 0 })
  expect(server.bytes.up).toBeLessThan(100_000)
  writeFileSync(at('b', 'one'), 'by b')
  rmSync(at('b', 'two'))
  expect(await run('-C', 'b', 'sync')).toMatchObject({ code: 3 })
  expect(readFileSync(at('b', 'sub', 'moved.bin')).equals(large)).toBe(true)
  expect(await run('-C', 'b', 'sync', '--conflict', 'keep-both')).toMatchObject({ code: 0 })
  expect(await run('-C', 'a', 'sync')).toMatchObject({ code: 0 })
  expect(existsSync(at('a', 'two'))).toBe(false)
  const contents = readdirSync(at('a'))
    .filter((name) => name.startsWith('one'))
    .map((name) => readFileSync(at('a', name), 'utf8'))
  expect(new Set(contents)).toEqual(new Set(['by a', 'by b']))

  for (const name of ['a', 'b']) {
    expect(await run('-C', name, 'status', '--exit-code')).toMatchObject({ code: 0 })
    expect(await run('-C', name, 'verify', '--deep')).toMatchObject({ code: 0 })
  }
  const doctor = await run('-C', 'a', 'doctor')
  expect(doctor.output).toContain('Removals keep their conditions')
  expect(doctor.code).toBe(0)
})

test('an emulator that keeps fewer conditions is named for what it is, and works', async () => {
  const server = await start({ conditionalDelete: false, conditionalRewrite: false })
  const made = await lsync(server, 'init', 'gs://bucket', 'a')
  expect(made.output).toContain('Removals keep no conditions here')
  expect(made.output).toContain('files that were moved are sent again')
  writeFileSync(at('a', 'one'), '1')
  writeFileSync(at('a', 'two'), '2')
  expect(await lsync(server, '-C', 'a', 'sync')).toMatchObject({ code: 0 })
  rmSync(at('a', 'one'))
  expect(await lsync(server, '-C', 'a', 'sync')).toMatchObject({ code: 0 })
  expect(server.log.at(-1)).toMatchObject({ operation: 'DeleteObject', status: 204 })
})

test('what cannot be had is said in a sentence, with exit code 6', async () => {
  const server = await start()
  const missing = await lsync(server, 'init', 'gs://no-such-bucket', 'a')
  expect(missing.code).toBe(6)
  expect(missing.output).toContain('there is no bucket no-such-bucket at 127.0.0.1')
  const closed = await start({ token: 'geheim' })
  const refused = await lsync(closed, 'init', 'gs://bucket', 'a')
  expect(refused.code).toBe(6)
  expect(refused.output).toContain('Invalid Credentials')
  expect(existsSync(at('a'))).toBe(false)
})
