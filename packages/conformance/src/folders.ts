import assert from 'node:assert/strict'
import type { Case } from './case.ts'
import { keysOf, put } from './tools.ts'

const unlisted = ({ listsFolders }: { readonly listsFolders: boolean }): string | undefined =>
  listsFolders ? undefined : 'it does not list empty folders'

export const folders: readonly Case[] = [
  {
    name: 'an empty folder is an object of its own',
    unless: unlisted,
    async run(scene) {
      const { provider, signal, prefix } = scene
      const info = await put(scene, `${prefix}f/`, '')
      assert.equal(info.size, 0)
      assert.deepEqual(await keysOf(provider, { prefix }, signal), [`${prefix}f/`])
      assert.equal((await provider.head(`${prefix}f/`, { signal }))?.size, 0)
      await provider.remove(`${prefix}f/`, { signal, expect: info.version })
      assert.deepEqual(await keysOf(provider, { prefix }, signal), [])
    },
  },
  {
    name: 'a folder that is kept stays when its last file goes',
    unless: unlisted,
    async run(scene) {
      const { provider, signal, prefix } = scene
      const file = await put(scene, `${prefix}f/x`, 'x')
      await put(scene, `${prefix}f/`, '')
      assert.deepEqual(await keysOf(provider, { prefix }, signal), [`${prefix}f/`, `${prefix}f/x`])
      await provider.remove(`${prefix}f/x`, { signal, expect: file.version })
      assert.deepEqual(await keysOf(provider, { prefix }, signal), [`${prefix}f/`])
    },
  },
  {
    name: 'a folder that nobody keeps goes with its last file',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const file = await put(scene, `${prefix}f/g/x`, 'x')
      await provider.remove(`${prefix}f/g/x`, { signal, expect: file.version })
      assert.deepEqual(await keysOf(provider, { prefix }, signal), [])
    },
  },
]
