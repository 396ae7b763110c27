import assert from 'node:assert/strict'
import type { Case } from './case.ts'
import { put, refuses, textOf, versionOf } from './tools.ts'

export const conditions: readonly Case[] = [
  {
    name: 'a create is refused where something is',
    async run(scene) {
      const key = `${scene.prefix}a`
      await put(scene, key, 'first')
      await refuses(put(scene, key, 'second'), 'precondition-failed')
      assert.equal(await textOf(scene, key), 'first')
    },
  },
  {
    name: 'a replacement needs the version that is there',
    async run(scene) {
      const key = `${scene.prefix}a`
      const first = await put(scene, key, 'first')
      const second = await put(scene, key, 'second', { expect: versionOf(first) })
      await refuses(put(scene, key, 'third', { expect: versionOf(first) }), 'precondition-failed')
      assert.notEqual(first.version, second.version)
      assert.equal(await textOf(scene, key), 'second')
    },
  },
  {
    name: 'a replacement of what is gone is refused',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const first = await put(scene, `${prefix}a`, 'first')
      await provider.remove(`${prefix}a`, { signal, expect: first.version })
      await refuses(
        put(scene, `${prefix}a`, 'second', { expect: versionOf(first) }),
        'precondition-failed',
      )
      assert.equal(await provider.head(`${prefix}a`, { signal }), undefined)
    },
  },
  {
    name: 'a removal needs the version that is there',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const first = await put(scene, `${prefix}a`, 'first')
      await put(scene, `${prefix}a`, 'second', { expect: versionOf(first) })
      await refuses(
        provider.remove(`${prefix}a`, { signal, expect: first.version }),
        'precondition-failed',
      )
      assert.equal(await textOf(scene, `${prefix}a`), 'second')
    },
  },
  {
    name: 'a removal of what is gone says so',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const first = await put(scene, `${prefix}a`, 'first')
      await provider.remove(`${prefix}a`, { signal, expect: first.version })
      await refuses(
        provider.remove(`${prefix}a`, { signal, expect: first.version }),
        'not-found',
        'precondition-failed',
      )
    },
  },
  {
    name: 'a key that was removed can be created anew, and removed again',
    async run(scene) {
      const { provider, signal, prefix } = scene
      for (let round = 0; round < 3; round++) {
        const info = await put(scene, `${prefix}a`, `round ${round}`)
        await provider.remove(`${prefix}a`, { signal, expect: info.version })
      }
      await put(scene, `${prefix}a`, 'last')
      assert.equal(await textOf(scene, `${prefix}a`), 'last')
    },
  },
]
