import assert from 'node:assert/strict'
import { isStorageError } from '@lsync/core/provider'
import type { Case } from './case.ts'
import { keysOf, put, textOf } from './tools.ts'

const NAMES = [
  ' ',
  'a b',
  ' lead',
  'trail ',
  'a+b',
  'a%20b',
  '%',
  'a#b',
  'a?b',
  'a&b',
  'a=b',
  'a;b',
  'a<b>',
  'a"b',
  "a'b",
  'a\\b',
  'a|b',
  'a*b',
  'a:b',
  'a@b',
  '!$()[]{}^`~',
  'é',
  'e\u0301',
  '日本語',
  '\u{1F469}\u200D\u{1F4BB}',
  '...',
  'a.',
  '.hidden',
  '-dash',
  'new\nline',
  'tab\tbed',
  'CON',
  'a/b/c/d',
  '\u202Eabc',
  '\u00A0',
]

export const names: readonly Case[] = [
  {
    name: 'odd names are kept exactly, or refused',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const kept: string[] = []
      for (const [index, name] of NAMES.entries()) {
        const key = `${prefix}${index}-/${name}`
        try {
          await put(scene, key, `content of ${index}`)
        } catch (error) {
          assert.ok(
            isStorageError(error) && (error.code === 'bad-key' || error.code === 'key-conflict'),
            `${JSON.stringify(name)}: ${String(error)}`,
          )
          continue
        }
        kept.push(key)
        assert.equal(await textOf(scene, key), `content of ${index}`, JSON.stringify(name))
        assert.equal((await provider.head(key, { signal }))?.key, key)
      }
      assert.ok(kept.length > NAMES.length / 2, 'most of these must be possible')
      assert.deepEqual(new Set(await keysOf(provider, { prefix }, signal)), new Set(kept))
    },
  },
  {
    name: 'names that differ only in form are different names, or one is refused',
    async run(scene) {
      await put(scene, `${scene.prefix}\u00E9`, 'composed')
      try {
        await put(scene, `${scene.prefix}e\u0301`, 'decomposed')
      } catch (error) {
        assert.ok(isStorageError(error), String(error))
        return
      }
      assert.equal(await textOf(scene, `${scene.prefix}\u00E9`), 'composed')
      assert.equal(await textOf(scene, `${scene.prefix}e\u0301`), 'decomposed')
    },
  },
  {
    name: 'names that could lead elsewhere stay where they are, or are refused',
    async run(scene) {
      const { provider, signal, prefix } = scene
      for (const name of ['..', '../x', 'a/../b', './c', 'a//b', '/abs', 'nul\0l']) {
        const key = prefix + name
        try {
          await put(scene, key, name)
        } catch (error) {
          assert.ok(
            isStorageError(error) && ['bad-key', 'key-conflict', 'refused'].includes(error.code),
            `${JSON.stringify(name)}: ${String(error)}`,
          )
          continue
        }
        assert.ok((await keysOf(provider, { prefix }, signal)).includes(key), JSON.stringify(name))
        assert.equal(await textOf(scene, key), name)
      }
    },
  },
  {
    name: 'a long name is kept, or refused',
    async run(scene) {
      const { provider, signal } = scene
      const key = `${scene.prefix}${Array.from({ length: 8 }, (_, index) => String(index).repeat(110)).join('/')}`
      try {
        await put(scene, key, 'long')
      } catch (error) {
        assert.ok(isStorageError(error) && error.code === 'bad-key', String(error))
        return
      }
      assert.equal((await provider.head(key, { signal }))?.size, 4)
    },
  },
]
