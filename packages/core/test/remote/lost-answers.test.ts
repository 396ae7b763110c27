import { expect, test } from 'vitest'
import { memoryStore, StorageError, type StorageProvider } from '../../src/provider/index.ts'
import { Slots } from '../../src/remote/limiter.ts'
import { withPolicies } from '../../src/remote/policies.ts'

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

/** A store whose next write fails on the way there, or on the way back. */
function losing(inner: StorageProvider, where: 'request' | 'answer'): StorageProvider {
  let lost = false
  return withPolicies(
    {
      ...inner,
      async write(key, body, options) {
        const first = !lost
        lost = true
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
