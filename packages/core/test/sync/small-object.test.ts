import { expect, test } from 'vitest'
import { memoryStore } from '../../src/index.ts'
import { readIdentity } from '../../src/sync/identity.ts'
import { pair } from './pair.ts'

const { signal } = new AbortController()

test('an identity that is far too long is damaged, and is not read to its end', async () => {
  using c = await pair()
  const key = '.lsync/repository.yaml'
  const text = Buffer.from(c.store.objects.get(key)?.bytes ?? '').toString()
  await c.put(key, `${text}# ${'x'.repeat(20_000)}\n`)
  await expect(c.sync(0)).rejects.toMatchObject({
    code: 'unexpected',
    message: expect.stringContaining(key),
  })

  const store = memoryStore().open()
  let read = 0
  async function* endless() {
    for (; read < 1000; read++) yield new Uint8Array(10_000).fill(0x20)
  }
  const provider: typeof store = {
    ...store,
    read: async () => ({
      info: { key, size: 10_000_000, version: '1', modified: 0, fingerprint: '1', digests: {} },
      body: endless(),
    }),
  }
  await expect(readIdentity(provider, signal)).rejects.toThrow('damaged')
  expect(read).toBeLessThan(5)
})
