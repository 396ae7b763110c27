import { Clones, type Fault, type FaultyS3, internalError, startFaultyS3 } from '@lsync/servers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import s3 from '../src/index.ts'

/** What a probe finds is believed until the next one: a moment's failure must not become a finding. */
let server: FaultyS3
let clones: Clones

beforeEach(async () => {
  server = await startFaultyS3({ conditionalDelete: false, buckets: ['first'] })
  clones = new Clones(s3, server.environment)
})

afterEach(async () => {
  await server.stop()
  clones[Symbol.dispose]()
})

/** By the `init` of a new remote. */
async function found(name: string): Promise<string> {
  await clones.init(name, `s3://first/${name}`)
  return clones.findings(name)
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
