import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Case } from './conformance.ts'
import { contentOf, put, refuses, versionOf } from './tools.ts'

export const reading: readonly Case[] = [
  {
    name: 'a range gives exactly its bytes',
    async run(scene) {
      const bytes = randomBytes(200_000)
      const key = `${scene.prefix}a`
      await put(scene, key, bytes)
      for (const [from, length] of [
        [0, 1],
        [0, 200_000],
        [1, 99_999],
        [199_999, 1],
        [100_000, undefined],
      ] as const) {
        const got = await contentOf(scene, key, {
          from,
          ...(length === undefined ? {} : { length }),
        })
        assert.ok(
          got.equals(bytes.subarray(from, length === undefined ? undefined : from + length)),
          `${from}, ${length}`,
        )
      }
    },
  },
  {
    name: 'a range tells the size of the whole',
    async run(scene) {
      const key = `${scene.prefix}a`
      await put(scene, key, 'abcdef')
      const { info, body } = await scene.provider.read(key, {
        signal: scene.signal,
        from: 2,
        length: 2,
      })
      for await (const _ of body) void _
      assert.equal(info.size, 6)
    },
  },
  {
    name: 'a pinned read refuses another version',
    async run(scene) {
      const key = `${scene.prefix}a`
      const first = await put(scene, key, 'one')
      assert.equal((await contentOf(scene, key, { version: first.version })).toString(), 'one')
      await put(scene, key, 'two', versionOf(first))
      await refuses(contentOf(scene, key, { version: first.version }), 'precondition-failed')
    },
  },
  {
    name: 'what is not there is not found',
    async run(scene) {
      const { provider, signal, prefix } = scene
      await refuses(contentOf(scene, `${prefix}none`), 'not-found')
      await refuses(
        contentOf(scene, `${prefix}none`, { version: 'x' }),
        'not-found',
        'precondition-failed',
      )
      assert.equal(await provider.head(`${prefix}none`, { signal }), undefined)
    },
  },
]
