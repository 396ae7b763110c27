import { expect, test } from 'vitest'
import { memoryStore, nodeWorld, StorageError } from '../../src/index.ts'
import { checkStore } from '../../src/sync/check-store.ts'

test('listings that the provider does not believe are a finding, and end nothing', async () => {
  const list = (): never => {
    throw new StorageError('unexpected', 'objects were left out')
  }
  const provider = { ...memoryStore().open(), list }
  const { signal } = new AbortController()
  expect(await checkStore(provider, nodeWorld(), new Set(), { signal })).toMatchObject([
    { check: 'access', ok: false, message: expect.stringContaining('objects were left out') },
  ])
})
