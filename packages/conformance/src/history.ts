import assert from 'node:assert/strict'
import type { History, StorageProvider } from '@lsync/core/provider'
import type { Case, Scene } from './case.ts'
import { put, refuses, versionOf } from './tools.ts'

const unless = (provider: StorageProvider): string | undefined =>
  provider.history === undefined ? 'it keeps no earlier versions' : undefined

async function textOf(
  { provider, signal }: Scene,
  key: string,
  version: string,
): Promise<{ readonly text: string; readonly version: string }> {
  const history = provider.history as History
  const { info, body } = await history.read(key, { signal, version })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { text: Buffer.concat(chunks).toString(), version: info.version }
}

export const history: readonly Case[] = [
  {
    name: 'a version that was overwritten can be read, and one that was removed',
    unless,
    async run(scene) {
      const { provider, signal } = scene
      const key = `${scene.prefix}a`
      // A key that this one begins, and one that it begins: they are others.
      await put(scene, `${key}b`, 'another')
      const first = await put(scene, key, 'one')
      const second = await put(scene, key, 'two', { expect: versionOf(first) })
      const third = await put(scene, key, '', { expect: versionOf(second) })
      await provider.remove(key, { signal, expect: third.version })
      for (const [version, text] of [
        [first.version, 'one'],
        [second.version, 'two'],
        [third.version, ''],
      ] as const)
        assert.deepEqual(await textOf(scene, key, version), { text, version })
    },
  },
  {
    name: 'the version that is there says by what name it is kept',
    unless,
    async run(scene) {
      const { provider, signal } = scene
      const key = `${scene.prefix}a`
      const { version } = await put(scene, key, 'one')
      assert.notEqual((await provider.head(key, { signal }))?.historyId, undefined)
      assert.equal((await textOf(scene, key, version)).text, 'one')
    },
  },
  {
    name: 'a version that never was is not found',
    unless,
    async run(scene) {
      const key = `${scene.prefix}a`
      await refuses(textOf(scene, key, 'none'), 'not-found')
      await put(scene, key, 'one')
      await refuses(textOf(scene, key, 'none'), 'not-found')
    },
  },
]
