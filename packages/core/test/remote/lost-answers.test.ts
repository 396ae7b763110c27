import { expect, test } from 'vitest'
import { memoryStore, StorageError, type StorageProvider } from '../../src/provider/index.ts'
import { Slots } from '../../src/remote/limiter.ts'
import { withPolicies } from '../../src/remote/policies.ts'
import { claimIdentity } from '../../src/sync/identity.ts'
import { writePointer } from '../../src/sync/pointers.ts'

const { signal } = new AbortController()
const bytes = new TextEncoder().encode('content')
const source = {
  size: bytes.length,
  digests: {},
  bytes,
  async *open(from: number) {
    yield bytes.subarray(from)
  },
}
const OWN = { mtime: '1.000000000', sha256: 'a'.repeat(64), author: 'ann' }

/** A store whose next write fails on the way there, or on the way back. `meanwhile` happens just before the request that is lost. */
function losing(
  inner: StorageProvider,
  where: 'request' | 'answer',
  meanwhile: () => Promise<unknown> = async () => undefined,
): StorageProvider {
  let lost = false
  return withPolicies(
    {
      ...inner,
      async write(key, body, options) {
        const first = !lost
        lost = true
        if (first) await meanwhile()
        if (first && where === 'request') throw new StorageError('network', 'lost')
        const info = await inner.write(key, body, options)
        if (first) throw new StorageError('network', 'lost')
        return info
      },
    },
    {
      retry: { attempts: 3, firstDelay: 1, longestDelay: 1 },
      slots: new Slots(1),
      world: { now: () => 0, sleep: async () => undefined, token: () => '0' },
    },
  )
}

test.each([
  { before: { ...OWN, executable: 'true' }, after: OWN },
  { before: OWN, after: { ...OWN, executable: 'true' } },
  { before: { ...OWN, type: 'link' }, after: OWN },
])(
  'a write that changes metadata alone is not taken for done when it got lost (%#)',
  async ({ before, after }) => {
    for (const where of ['request', 'answer'] as const) {
      const store = memoryStore()
      const first = await store.open().write('x', source, {
        signal,
        expect: { kind: 'absent' },
        metadata: { user: before },
      })
      await losing(store.open(), where).write('x', source, {
        signal,
        expect: { kind: 'version', version: first.version },
        metadata: { user: after },
      })
      expect(store.objects.get('x')?.metadata.user).toEqual(after)
    }
  },
)

/** A store that says of no object what its content is, as Cloud Storage does of uploads in parts. */
function silent(inner: StorageProvider): StorageProvider {
  return {
    ...inner,
    async head(key, options) {
      const info = await inner.head(key, options)
      return info === undefined ? undefined : { ...info, digests: {} }
    },
  }
}

test('of two that claim a remote at once, the one whose refusal got lost takes the other identity', async () => {
  const provider = silent(memoryStore().open())
  const claimed = await claimIdentity(
    losing(provider, 'request', () =>
      claimIdentity(provider, { id: 'b'.repeat(20), was: [] }, 0, signal),
    ),
    { id: 'a'.repeat(20), was: [] },
    0,
    signal,
  )
  expect(claimed.id).toBe('b'.repeat(20))
})

test.each(['request', 'answer'] as const)(
  'a pointer that is replaced by one of the same length is not taken for done when it got lost (%s)',
  async (where) => {
    const store = memoryStore()
    const provider = silent(store.open())
    const pointer = (remote: string) => ({ remote, settings: {} })
    const expect0 = { kind: 'absent' } as const
    const { version } = await writePointer(provider, 'd', pointer('s3://one'), {
      expect: expect0,
      signal,
    })
    const next = { kind: 'version', version } as const
    await writePointer(losing(provider, where), 'd', pointer('s3://two'), { expect: next, signal })
    const [text = ''] = [...store.objects.values()].map(({ bytes: stored }) =>
      new TextDecoder().decode(stored),
    )
    expect(text).toContain('s3://two')
  },
)
