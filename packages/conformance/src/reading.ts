import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Case } from './case.ts'
import { contentOf, put, refuses, versionOf } from './tools.ts'
import { WatchedMemory } from './watched-memory.ts'

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
    name: "the reader's memory holds what came as long as it must, and is given back once",
    async run(scene) {
      const key = `${scene.prefix}a`
      for (const size of [0, 1, 100_000, 700_000, 2_000_000]) {
        const bytes = randomBytes(size)
        const info = await put(scene, key, bytes)
        const memory = new WatchedMemory()
        const object = await scene.provider.read(key, { signal: scene.signal, memory })
        const whole = object.bytes
        if (whole !== undefined) {
          assert.ok(bytes.equals(whole), `whole, of ${size}`)
          memory.giveBack(whole)
        } else {
          let at = 0
          for await (const chunk of object.body) {
            await new Promise((resolve) => setImmediate(resolve))
            assert.ok(bytes.subarray(at, at + chunk.length).equals(chunk), `from ${at} of ${size}`)
            at += chunk.length
          }
          assert.equal(at, size)
        }
        assert.equal(memory.lent, 0, `memory for ${size} bytes`)
        await scene.provider.remove(key, { signal: scene.signal, expect: info.version })
      }
    },
  },
  {
    name: 'a pinned read refuses another version',
    async run(scene) {
      const key = `${scene.prefix}a`
      const first = await put(scene, key, 'one')
      assert.equal((await contentOf(scene, key, { version: first.version })).toString(), 'one')
      await put(scene, key, 'two', { expect: versionOf(first) })
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
