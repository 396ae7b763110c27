import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import type { Expect, UploadSession, Uploads } from '@lsync/core/provider'
import type { Case, Scene } from './case.ts'
import { ABSENT, contentOf, NO_METADATA, put, refuses, sourceOf, versionOf } from './tools.ts'

const unless = ({ uploads }: { readonly uploads?: Uploads }): string | undefined =>
  uploads === undefined ? 'it has no uploads in parts' : undefined

async function begin(
  scene: Scene,
  key: string,
  bytes: Uint8Array,
  expect: Expect,
): Promise<UploadSession> {
  const { uploads } = scene.provider
  assert.ok(uploads !== undefined)
  return uploads.begin(key, {
    signal: scene.signal,
    size: bytes.length,
    digests: {},
    expect,
    metadata: NO_METADATA,
  })
}

async function sendMissing(
  scene: Scene,
  session: UploadSession,
  bytes: Uint8Array,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  const missing = await session.missing({ signal: scene.signal })
  for (const range of missing.slice(0, most))
    await session.put(range, sourceOf(bytes.subarray(range.from, range.to)), {
      signal: scene.signal,
    })
}

/** Two whole parts and a bit. */
async function someBytes(scene: Scene): Promise<Uint8Array> {
  const session = await begin(scene, `${scene.prefix}size`, new Uint8Array(1), ABSENT)
  await session.abort({ signal: scene.signal })
  return randomBytes(session.partSize * 2 + 17)
}

export const uploads: readonly Case[] = [
  {
    name: 'parts become one object, at the commit and not before',
    unless,
    async run(scene) {
      const key = `${scene.prefix}a`
      const bytes = await someBytes(scene)
      const session = await begin(scene, key, bytes, ABSENT)
      await sendMissing(scene, session, bytes)
      assert.equal(await scene.provider.head(key, { signal: scene.signal }), undefined)
      assert.deepEqual(await session.missing({ signal: scene.signal }), [])
      const info = await session.commit({ signal: scene.signal })
      assert.equal(info.size, bytes.length)
      assert.ok((await contentOf(scene, key)).equals(Buffer.from(bytes)))
    },
  },
  {
    name: 'an upload goes on in another process, with the parts that are missing',
    unless,
    async run(scene) {
      const key = `${scene.prefix}a`
      const bytes = await someBytes(scene)
      const session = await begin(scene, key, bytes, ABSENT)
      await sendMissing(scene, session, bytes, 1)
      const other = await scene.another()
      const token = JSON.parse(JSON.stringify(session.token)) as typeof session.token
      const resumed = await other.uploads!.resume(token, { signal: scene.signal })
      assert.equal((await resumed.missing({ signal: scene.signal })).length, 2)
      await sendMissing({ ...scene, provider: other }, resumed, bytes)
      await resumed.commit({ signal: scene.signal })
      assert.ok((await contentOf(scene, key)).equals(Buffer.from(bytes)))
    },
  },
  {
    name: 'the condition of the beginning holds at the commit',
    unless,
    async run(scene) {
      const bytes = await someBytes(scene)
      const created = `${scene.prefix}created`
      const session = await begin(scene, created, bytes, ABSENT)
      await sendMissing(scene, session, bytes)
      await put(scene, created, 'somebody else')
      await refuses(session.commit({ signal: scene.signal }), 'precondition-failed')
      assert.equal((await contentOf(scene, created)).toString(), 'somebody else')

      const replaced = `${scene.prefix}replaced`
      const first = await put(scene, replaced, 'first')
      const second = await begin(scene, replaced, bytes, versionOf(first))
      await sendMissing(scene, second, bytes)
      await put(scene, replaced, 'somebody else', { expect: versionOf(first) })
      await refuses(second.commit({ signal: scene.signal }), 'precondition-failed')
      assert.equal((await contentOf(scene, replaced)).toString(), 'somebody else')
    },
  },
  {
    name: 'a part whose CRC-32 was announced is just that, or is refused',
    unless: (provider) =>
      provider.uploads?.crc32PartSize === undefined
        ? 'it has no use for the CRC-32 of parts'
        : undefined,
    async run(scene) {
      const key = `${scene.prefix}a`
      const bytes = await someBytes(scene)
      const session = await begin(scene, key, bytes, ABSENT)
      assert.equal(scene.provider.uploads!.crc32PartSize!(bytes.length), session.partSize)
      const missing = await session.missing({ signal: scene.signal })
      for (const [index, range] of missing.entries()) {
        const part = bytes.subarray(range.from, range.to)
        const sent = (crc32: number) =>
          session.put(range, sourceOf(part, { crc32: crc32.toString(16).padStart(8, '0') }), {
            signal: scene.signal,
          })
        // What a provider has learnt from the first part may decide how it sends the others.
        if (index > 0) await refuses(sent(zlib.crc32(part) ^ 1), 'bad-digest')
        await sent(zlib.crc32(part))
      }
      await session.commit({ signal: scene.signal })
      assert.ok((await contentOf(scene, key)).equals(Buffer.from(bytes)))
    },
  },
  {
    name: 'an upload that was given up leaves nothing, and is not found again',
    unless,
    async run(scene) {
      const key = `${scene.prefix}a`
      const bytes = await someBytes(scene)
      const session = await begin(scene, key, bytes, ABSENT)
      await sendMissing(scene, session, bytes, 1)
      await session.abort({ signal: scene.signal })
      await session.abort({ signal: scene.signal })
      assert.equal(await scene.provider.head(key, { signal: scene.signal }), undefined)
      await refuses(
        scene.provider.uploads!.resume(session.token, { signal: scene.signal }),
        'upload-lost',
      )
    },
  },
]
