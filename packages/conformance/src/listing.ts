import assert from 'node:assert/strict'
import { compareKeys, isStorageError } from '@lsync/core/provider'
import type { Case } from './case.ts'
import { keysOf, listOf, put } from './tools.ts'

export const listing: readonly Case[] = [
  {
    name: 'keys come in the order of their UTF-8 bytes',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const names = [
        'a',
        'a-b',
        'a.b',
        'b/c',
        'b-',
        'B',
        '_',
        '~',
        'é',
        'z',
        '\u{FF21}',
        '\u{1F600}',
        '日',
        'a b',
      ]
      const stored: string[] = []
      for (const name of names)
        try {
          await put(scene, prefix + name, 'x')
          stored.push(prefix + name)
        } catch (error) {
          assert.ok(isStorageError(error) && error.code === 'bad-key', String(error))
        }
      assert.ok(stored.length > 8)
      assert.deepEqual(
        await keysOf(provider, { prefix }, signal),
        stored.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))),
      )
    },
  },
  {
    name: 'a prefix is a string, not a folder',
    async run(scene) {
      const { provider, signal, prefix } = scene
      for (const name of ['ab', 'abc', 'ab/d', 'b']) {
        if (name === 'ab') continue
        await put(scene, prefix + name, 'x')
      }
      assert.deepEqual(await keysOf(provider, { prefix: `${prefix}ab` }, signal), [
        `${prefix}ab/d`,
        `${prefix}abc`,
      ])
      assert.deepEqual(await keysOf(provider, { prefix: `${prefix}none` }, signal), [])
    },
  },
  {
    name: 'a range excludes both its ends',
    async run(scene) {
      const { provider, signal, prefix } = scene
      for (const name of ['a', 'b', 'c/1', 'c/2', 'd']) await put(scene, prefix + name, 'x')
      const range = (after?: string, before?: string) =>
        keysOf(
          provider,
          {
            prefix,
            ...(after === undefined ? {} : { after: prefix + after }),
            ...(before === undefined ? {} : { before: prefix + before }),
          },
          signal,
        )
      const named = (...names: string[]): string[] => names.map((name) => prefix + name)
      assert.deepEqual(await range('a', 'd'), named('b', 'c/1', 'c/2'))
      assert.deepEqual(await range('c/1'), named('c/2', 'd'))
      assert.deepEqual(await range('c'), named('c/1', 'c/2', 'd'))
      assert.deepEqual(await range(undefined, 'c/2'), named('a', 'b', 'c/1'))
      assert.deepEqual(await range('bb', 'bz'), [])
    },
  },
  {
    name: 'many keys come all, once, in order, over several pages',
    async run(scene) {
      const { provider, signal, prefix, options } = scene
      const count = options.manyKeys ?? 1100
      const wanted = Array.from({ length: count }, (_, index) => `${prefix}${index % 7}/k${index}`)
      const queue = [...wanted]
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let key = queue.pop(); key !== undefined; key = queue.pop())
            await put(scene, key, '')
        }),
      )
      let pages = 0
      const keys: string[] = []
      for await (const page of provider.list({ prefix }, { signal })) {
        pages++
        keys.push(...page.map(({ key }) => key))
      }
      assert.deepEqual(keys, wanted.toSorted(compareKeys))
      assert.ok(pages > 1, 'the test needs more than one page: raise manyKeys')
    },
  },
  {
    name: 'a listing shows what head shows',
    async run(scene) {
      const { provider, signal, prefix } = scene
      await put(scene, `${prefix}a`, 'content', {
        metadata: { user: { mtime: '1.5' }, contentType: 'text/plain' },
      })
      const [listed] = await listOf(provider, { prefix }, signal)
      const headed = await provider.head(`${prefix}a`, { signal })
      assert.ok(listed !== undefined && headed !== undefined)
      for (const field of ['key', 'size', 'version', 'fingerprint'] as const)
        assert.equal(listed[field], headed[field], field)
    },
  },
]
