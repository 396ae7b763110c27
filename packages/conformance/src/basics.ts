import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Case } from './case.ts'
import { contentOf, put, refuses, sourceOf, ABSENT, NO_METADATA } from './tools.ts'

export const basics: readonly Case[] = [
  {
    name: 'what is written is read back, byte for byte',
    async run(scene) {
      for (const size of [0, 1, 1000, 65_537, 300_000]) {
        const bytes = randomBytes(size)
        const key = `${scene.prefix}${size}`
        const info = await put(scene, key, bytes)
        assert.equal(info.key, key)
        assert.equal(info.size, size)
        assert.ok((await contentOf(scene, key)).equals(bytes), `${size} bytes came back different`)
      }
    },
  },
  {
    name: 'bytes that are in memory are written the same way',
    async run(scene) {
      const bytes = randomBytes(5000)
      const key = `${scene.prefix}memory`
      await scene.provider.write(
        key,
        { ...sourceOf(bytes), bytes },
        { signal: scene.signal, expect: ABSENT, metadata: NO_METADATA },
      )
      assert.ok((await contentOf(scene, key)).equals(bytes))
    },
  },
  {
    name: 'a source that is not what it announces is refused, and nothing is stored',
    async run(scene) {
      const key = `${scene.prefix}wrong`
      const { signal, provider } = scene
      const other = sourceOf('other content')
      await refuses(
        provider.write(
          key,
          { ...sourceOf('some content'), digests: other.digests },
          { signal, expect: ABSENT, metadata: NO_METADATA },
        ),
        'bad-digest',
      )
      await refuses(
        provider.write(
          key,
          { ...sourceOf('short'), size: 10, digests: {} },
          { signal, expect: ABSENT, metadata: NO_METADATA },
        ),
        'bad-digest',
        'network',
      )
      assert.equal(await provider.head(key, { signal }), undefined)
    },
  },
  {
    name: 'what was removed is gone',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const info = await put(scene, `${prefix}gone`, 'x')
      await provider.remove(`${prefix}gone`, { signal, expect: info.version })
      assert.equal(await provider.head(`${prefix}gone`, { signal }), undefined)
      await refuses(contentOf(scene, `${prefix}gone`), 'not-found')
    },
  },
  {
    name: 'several open providers see the same objects',
    async run(scene) {
      const other = await scene.another()
      await put(scene, `${scene.prefix}shared`, 'content')
      assert.equal(
        (await contentOf({ ...scene, provider: other }, `${scene.prefix}shared`)).toString(),
        'content',
      )
    },
  },
]
