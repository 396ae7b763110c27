import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initRepository, type Machine, nodeMachine, nodeWorld } from '@lsync/core'
import {
  type Fault,
  type FaultyS3,
  internalError,
  startFaultyS3,
  withoutPauses,
} from '@lsync/servers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** What a probe finds is believed until the next one: a moment's failure must not become a finding. */
let server: FaultyS3
let folder: string

beforeEach(async () => {
  server = await startFaultyS3({ conditionalDelete: false, buckets: ['first'] })
  folder = mkdtempSync(join(tmpdir(), 'lsync-first-'))
})

afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

function machine(): Machine {
  return {
    ...nodeMachine({
      environment: server.environment,
      author: 'tester',
      providers: { schemes: ['s3'], get: async () => s3 },
    }),
    world: withoutPauses(nodeWorld()),
  }
}

/** What an `init` has found, without when that was and how the clocks stood. */
async function found(name: string): Promise<string> {
  const root = join(folder, name)
  mkdirSync(root)
  await initRepository(machine(), {
    folder: root,
    remote: `s3://first/${name}`,
    settings: {},
    signal: new AbortController().signal,
    onEvent: () => undefined,
  })
  const report = readFileSync(join(root, '.lsync', 'remote.yaml'), 'utf8')
  return report.replaceAll(/^.*(?:date|remote|clockSkew):.*$/gm, '')
}

/** Requests of a probe from one failure to the next. */
const EVERY = 40

test.each<[string, Fault]>([
  ['a store that fails', internalError],
  ['a store that fails after it acted', { ...internalError, acted: true } as Fault],
  ['an answer that is lost', { kind: 'lose-response' }],
])('%s for a moment leaves the findings as they are', async (_, fault) => {
  const calm = await found('calm')
  expect(calm).toMatch(/remove: leased[^]*commit: atomic[^]*order: bytes/)
  for (let offset = 0; offset < EVERY; offset += 3) {
    let requests = 0
    const injected = server.inject({ fault, match: () => requests++ % EVERY === offset })
    expect(await found(`from-${offset}`)).toBe(calm)
    expect(injected.hits).toBeGreaterThan(0)
    injected.remove()
  }
})

test('a store that fails each time it is asked to copy a part is one that does not', async () => {
  server.inject({ fault: internalError, match: 'UploadPartCopy' })
  expect(await found('no-copies')).toMatch(/remove: leased[^]*commit: atomic[^]*copy: none/)
})
