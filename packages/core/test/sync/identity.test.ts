import { expect, test } from 'vitest'
import { memoryStore, nodeWorld } from '../../src/index.ts'
import type { StorageProvider } from '../../src/provider/index.ts'
import { checkIdentity, claimIdentity, readIdentity } from '../../src/sync/identity.ts'
import type { State } from '../../src/state/state.ts'

const { signal } = new AbortController()
const context = { identity: 'ours', state: { size: 0 } as State, world: nodeWorld() }

const check = (provider: StorageProvider, allow: readonly 'other-remote'[] = []) =>
  checkIdentity(context, provider, { mode: 'sync', dryRun: false, allow, signal })

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
        await claimIdentity(provider, 'theirs', 0, signal)
        return provider.write(key, source, options)
      },
    }
    expect(await check(raced, allow)).toMatchObject({ guard: 'other-remote' })
    expect((await readIdentity(provider, signal))?.id).toBe('theirs')
  },
)
