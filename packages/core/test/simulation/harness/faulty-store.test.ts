import { describe, expect, test } from 'vitest'
import {
  isStorageError,
  type ObjectInfo,
  type StorageProvider,
} from '../../../src/provider/index.ts'
import { FaultyStore, type StoreOptions } from './faulty-store.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'

const { signal } = new AbortController()

function world(seed: number, options: Partial<StoreOptions> = {}) {
  const random = new Random(seed)
  const scheduler = new Scheduler({ random, longestStep: 1, stickiness: 0, mostSteps: 1000 })
  const store = new FaultyStore(scheduler, {
    random,
    pageSize: 3,
    faults: 0,
    vouches: 'sha256',
    listsFolders: true,
    checked: [],
    ...options,
  })
  return { scheduler, store }
}

function put(provider: StorageProvider, key: string, text: string): Promise<ObjectInfo> {
  const bytes = new TextEncoder().encode(text)
  const source = {
    size: bytes.length,
    digests: {},
    async *open() {
      yield bytes
    },
  }
  return provider.write(key, source, { signal, expect: { kind: 'absent' }, metadata: { user: {} } })
}

/** How many of two clients that create one key at once are told that they did. */
async function winners(seed: number, options: Partial<StoreOptions>): Promise<number> {
  const { scheduler, store } = world(seed, options)
  let won = 0
  for (const name of ['one', 'other'])
    scheduler.spawn(async () => {
      try {
        await put(store.open(scheduler.process(name)), 'key', name)
        won++
      } catch (error) {
        if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
      }
    })
  await scheduler.run()
  return won
}

describe('the store', () => {
  test('lets one of two win where it is atomic, and at times both where it only looks first', async () => {
    const seeds = Array.from({ length: 40 }, (_, index) => index)
    const atomic = await Promise.all(seeds.map((seed) => winners(seed, {})))
    expect(new Set(atomic)).toEqual(new Set([1]))
    const checked = await Promise.all(seeds.map((seed) => winners(seed, { checked: ['create'] })))
    expect(new Set(checked)).toEqual(new Set([1, 2]))
  })

  test('shows each page of a listing as things stand when the page is asked for', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const { scheduler, store } = world(seed)
      const keys: string[] = []
      scheduler.spawn(async () => {
        const writer = store.open(scheduler.process('writer'))
        for (const key of ['a', 'b', 'c', 'd']) await put(writer, key, key)
        scheduler.spawn(async () => {
          const reader = store.open(scheduler.process('reader'))
          for await (const page of reader.list({ prefix: '' }, { signal }))
            keys.push(...page.map(({ key }) => key))
        })
        await put(writer, 'z', 'z')
      })
      await scheduler.run()
      seen.add(keys.join(''))
    }
    expect(seen).toEqual(new Set(['abcd', 'abcdz']))
  })

  test('acts without an answer, answers without acting, and acts long after it said nothing', async () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const { scheduler, store } = world(seed, { faults: 0.5 })
      let outcome = ''
      scheduler.spawn(async () => {
        const answer = await put(store.open(scheduler.process('one')), 'key', 'text').then(
          () => 'done',
          (error: unknown) => (isStorageError(error) ? error.code : String(error)),
        )
        outcome = `${answer}, ${store.memory.objects.has('key') ? 'there' : 'not there'}`
      })
      await scheduler.run()
      outcomes.add(
        `${outcome}, in the end ${store.memory.objects.has('key') ? 'there' : 'not there'}`,
      )
    }
    expect([...outcomes].toSorted()).toEqual([
      'busy, not there, in the end not there',
      'done, there, in the end there',
      'network, not there, in the end not there',
      'network, not there, in the end there',
      'network, there, in the end there',
      'server, not there, in the end not there',
      'server, there, in the end there',
      'throttled, not there, in the end not there',
    ])
  })

  test('flips bytes on the way, never those that it keeps', async () => {
    let flipped = 0
    for (let seed = 0; seed < 100; seed++) {
      const { scheduler, store } = world(seed, { faults: 0.3 })
      scheduler.spawn(async () => {
        const provider = store.open(scheduler.process('one'))
        store.unreliable = false
        await put(provider, 'key', 'some text')
        store.unreliable = true
        try {
          const chunks: Uint8Array[] = []
          for await (const chunk of (await provider.read('key', { signal })).body)
            chunks.push(chunk)
          if (Buffer.concat(chunks).toString() !== 'some text') flipped++
        } catch (error) {
          if (!isStorageError(error)) throw error
        }
      })
      await scheduler.run()
      expect(Buffer.from(store.memory.objects.get('key')?.bytes ?? []).toString()).toBe('some text')
    }
    expect(flipped).toBeGreaterThan(0)
  })
})
