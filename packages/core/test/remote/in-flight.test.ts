import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryStore, type StorageProvider } from '../../src/provider/index.ts'
import { Slots } from '../../src/remote/limiter.ts'
import { withPolicies } from '../../src/remote/policies.ts'
import { inFlightFor } from '../../src/remote/in-flight.ts'

test.each([
  [undefined, 32, 32],
  [0.5, 32, 32],
  [10, 32, 32],
  [20, 120, 60],
  [40, 128, 120],
  [300, 128, 128],
])('%s ms away: %i requests in flight, %i of them writes', (quickest, all, writes) => {
  expect(inFlightFor(quickest)).toEqual({ all, writes })
})

test('writes have fewer places than all requests, and those that wait for one keep none from reads', async () => {
  const { signal } = new AbortController()
  const inner = memoryStore().open()
  const now = { reads: 0, writes: 0 }
  const most = { reads: 0, writes: 0, all: 0 }
  const counted = async <T>(what: 'reads' | 'writes', operation: () => Promise<T>): Promise<T> => {
    now[what]++
    most[what] = Math.max(most[what], now[what])
    most.all = Math.max(most.all, now.reads + now.writes)
    try {
      for (let index = 0; index < 5; index++) await turn()
      return await operation()
    } finally {
      now[what]--
    }
  }
  const store: StorageProvider = {
    ...inner,
    head: (key, options) => counted('reads', () => inner.head(key, options)),
    write: (key, source, options) => counted('writes', () => inner.write(key, source, options)),
    remove: (key, options) => counted('writes', () => inner.remove(key, options)),
  }
  const provider = withPolicies(store, {
    retry: { attempts: 1, firstDelay: 1, longestDelay: 1 },
    slots: new Slots(6),
    writes: new Slots(2),
    world: { now: () => 0, sleep: async () => undefined, token: () => '0' },
  })
  const bytes = new TextEncoder().encode('content')
  const source = {
    size: bytes.length,
    digests: {},
    bytes,
    async *open() {
      yield bytes
    },
  }
  const change = async (key: string): Promise<void> => {
    const options = { signal, expect: { kind: 'absent' }, metadata: { user: {} } } as const
    const { version } = await provider.write(key, source, options)
    await provider.remove(key, { signal, expect: version })
  }
  await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => change(`w${index}`)),
    ...Array.from({ length: 20 }, (_, index) => provider.head(`r${index}`, { signal })),
  ])
  expect(most).toEqual({ reads: 6, writes: 2, all: 6 })
})
