import { Clones, type Fault, type FaultyGcs, backendError, startFaultyGcs } from '@lsync/servers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import gcs from '../src/index.ts'

/** What a probe finds is believed until the next one: a moment's failure must not become a finding. */
let server: FaultyGcs
let clones: Clones

beforeEach(async () => {
  server = await startFaultyGcs({ buckets: ['first'] })
  clones = new Clones(gcs, server.environment)
})

afterEach(async () => {
  await server.stop()
  clones[Symbol.dispose]()
})

/** By the `init` of a new remote. */
async function found(name: string): Promise<string> {
  await clones.init(name, `gs://first/${name}`)
  return clones.findings(name)
}

/** Requests of a probe from one failure to the next. */
const EVERY = 25

test.each<[string, Fault]>([
  ['a store that fails', backendError],
  ['a store that fails after it acted', { ...backendError, acted: true } as Fault],
  ['an answer that is lost', { kind: 'lose-response' }],
])('%s for a moment leaves the findings as they are', async (_, fault) => {
  const calm = await found('calm')
  expect(calm).toMatch(/remove: atomic[^]*commit: atomic[^]*copy: atomic/)
  for (let offset = 0; offset < EVERY; offset += 3) {
    let requests = 0
    const injected = server.inject({ fault, match: () => requests++ % EVERY === offset })
    expect(await found(`from-${offset}`)).toBe(calm)
    expect(injected.hits).toBeGreaterThan(0)
    injected.remove()
  }
})

test('a store that fails each time it is asked to copy is one that does not', async () => {
  server.inject({ fault: backendError, match: 'RewriteObject' })
  expect(await found('no-copies')).toMatch(/remove: atomic[^]*commit: atomic[^]*copy: none/)
})
