import { expect, test } from 'vitest'
import { memoryStore, nodeWorld } from '../../src/index.ts'
import type { StorageProvider } from '../../src/provider/index.ts'
import {
  checkIdentity,
  claimIdentity,
  parseIdentity,
  readIdentity,
} from '../../src/sync/identity.ts'
import { temporaryDisk } from '../disk/temporary.ts'
import type { State } from '../../src/state/state.ts'

const { signal } = new AbortController()
const context = { identity: 'ours', state: { size: 0 } as State, world: nodeWorld() }

const check = (provider: StorageProvider, allow: readonly 'other-remote'[] = []) =>
  checkIdentity({ ...context, disk: temporaryDisk().disk }, provider, {
    mode: 'sync',
    dryRun: false,
    allow,
    signal,
  })

test('a remote that lost its identity becomes ours again', async () => {
  const provider = memoryStore().open()
  expect(await check(provider)).toBeUndefined()
  expect((await readIdentity(provider, signal))?.id).toBe('ours')
})

test.each([[[]], [['other-remote']]] as const)(
  'what somebody else claims in the same instant is not ours (allowed: %j)',
  async (allow) => {
    const provider = memoryStore().open()
    const raced: StorageProvider = {
      ...provider,
      async write(key, source, options) {
        await claimIdentity(provider, { id: 'theirs', was: [] }, 0, signal)
        return provider.write(key, source, options)
      },
    }
    expect(await check(raced, allow)).toMatchObject({ guard: 'other-remote' })
    expect((await readIdentity(provider, signal))?.id).toBe('theirs')
  },
)

test.each([
  ['no list', 'ours', []],
  ['a map', '{ours: 1}', []],
  ['itself', '&a [*a, ours]', ['ours']],
  ['no texts', '[1, null, {}, [ours], true, ours]', ['ours']],
  ['no identities', `['', 'a b', '../x', "a\\e[2J", ${'x'.repeat(65)}, ours, ours]`, ['ours']],
])('of where a place comes from, what a stranger wrote is left out: %s', (_, written, was) => {
  expect(parseIdentity(`format: 1\nid: new\nrequires: []\nwas: ${written}\n`)).toEqual({
    id: 'new',
    format: 1,
    requires: [],
    was,
  })
})

test('a chain of very many places is cut at its far end, so that the next one can be read', async () => {
  const was = Array.from({ length: 500 }, (_, index) => `${index}-`.padEnd(64, 'x'))
  const provider = memoryStore().open()
  await claimIdentity(provider, { id: 'new', was }, 0, signal)
  const read = await readIdentity(provider, signal)
  expect(read?.was).toEqual(was.slice(0, 64))
})
