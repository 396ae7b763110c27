import assert from 'node:assert/strict'
import type { Case } from './case.ts'
import { listOf, put, versionOf } from './tools.ts'

export const metadata: readonly Case[] = [
  {
    name: 'metadata is kept with the object',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const given = {
        user: {
          mtime: '1700000000.123456789',
          executable: 'true',
          author: 'Jürgen 日本 "q" %41',
          'x-other': 'kept',
        },
        contentType: 'text/x-test',
      }
      await put(scene, `${prefix}a`, 'x', { metadata: given })
      const headed = await provider.head(`${prefix}a`, { signal })
      assert.deepEqual(headed?.metadata?.user, given.user)
      assert.equal(headed.metadata.contentType, given.contentType)
      const { info, body } = await provider.read(`${prefix}a`, { signal })
      for await (const _ of body) void _
      assert.deepEqual(info.metadata?.user, given.user)
    },
  },
  {
    name: 'a write replaces the metadata whole',
    async run(scene) {
      const { provider, signal, prefix } = scene
      const first = await put(scene, `${prefix}a`, 'x', {
        metadata: { user: { one: '1', mtime: '1' } },
      })
      await put(scene, `${prefix}a`, 'y', {
        expect: versionOf(first),
        metadata: { user: { two: '2', mtime: '2' } },
      })
      const headed = await provider.head(`${prefix}a`, { signal })
      assert.deepEqual(headed?.metadata?.user, { two: '2', mtime: '2' })
    },
  },
  {
    name: 'the fingerprint is the same from every operation, and changes with the content',
    async run(scene) {
      const { provider, signal, prefix, options } = scene
      const written = await put(scene, `${prefix}a`, 'one')
      const [listed] = await listOf(provider, { prefix }, signal)
      const headed = await provider.head(`${prefix}a`, { signal })
      const { info, body } = await provider.read(`${prefix}a`, { signal })
      for await (const _ of body) void _
      assert.equal(listed?.fingerprint, headed?.fingerprint)
      assert.equal(info.fingerprint, headed?.fingerprint)
      if (options.approximateWriteFingerprint !== true)
        assert.equal(written.fingerprint, headed?.fingerprint)
      const second = await put(scene, `${prefix}a`, 'two', { expect: versionOf(written) })
      assert.notEqual(second.fingerprint, written.fingerprint)
      assert.notEqual(
        (await provider.head(`${prefix}a`, { signal }))?.fingerprint,
        headed?.fingerprint,
      )
    },
  },
  {
    name: 'digests that the store vouches for are right',
    async run(scene) {
      const { provider, signal, prefix } = scene
      await put(scene, `${prefix}a`, 'content')
      const headed = await provider.head(`${prefix}a`, { signal })
      assert.ok(headed !== undefined)
      const { digests } = headed
      const right = {
        sha256: 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
        md5: '9a0364b9e99bb480dd25e1f0284c8555',
      }
      if (digests.sha256 !== undefined) assert.equal(digests.sha256, right.sha256)
      if (digests.md5 !== undefined) assert.equal(digests.md5, right.md5)
    },
  },
]
