import assert from 'node:assert/strict'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { type Expect, isStorageError, type StorageProvider } from '@lsync/core/provider'
import type { Case, Scene } from './case.ts'
import { ABSENT, contentOf, NO_METADATA, put, sourceOf, versionOf } from './tools.ts'

const RACERS = 8
const ROUNDS = 10

/** Runs the same operation from several open providers at once; returns who succeeded. Losers must be told so, in the right words. */
async function race(
  scene: Scene,
  operation: (provider: StorageProvider, racer: number) => Promise<unknown>,
): Promise<number[]> {
  const providers = await Promise.all(Array.from({ length: RACERS }, () => scene.another()))
  const results = await Promise.all(
    providers.map(async (provider, racer) => {
      try {
        await operation(provider, racer)
        return racer
      } catch (error) {
        assert.ok(isStorageError(error), String(error))
        assert.ok(
          ['precondition-failed', 'busy', 'not-found', 'server', 'throttled'].includes(error.code),
          `${error.code}: ${error.message}`,
        )
        return undefined
      }
    }),
  )
  return results.filter((racer) => racer !== undefined)
}

function write(scene: Scene, key: string, expect: Expect) {
  return (provider: StorageProvider, racer: number): Promise<unknown> =>
    provider.write(key, sourceOf(`racer ${racer}`), {
      signal: scene.signal,
      expect,
      metadata: NO_METADATA,
    })
}

export const races: readonly Case[] = [
  {
    name: 'of several creates at once exactly one wins',
    unless: ({ guarantees }) =>
      guarantees.create === 'atomic' ? undefined : `creates are ${guarantees.create}`,
    async run(scene) {
      for (let round = 0; round < ROUNDS; round++) {
        const key = `${scene.prefix}create${round}`
        const winners = await race(scene, write(scene, key, ABSENT))
        assert.equal(winners.length, 1)
        assert.equal((await contentOf(scene, key)).toString(), `racer ${winners[0]}`)
      }
    },
  },
  {
    name: 'of several replacements at once exactly one wins',
    unless: ({ guarantees }) =>
      guarantees.replace === 'atomic' ? undefined : `replacements are ${guarantees.replace}`,
    async run(scene) {
      const key = `${scene.prefix}replace`
      let info = await put(scene, key, 'start')
      for (let round = 0; round < ROUNDS; round++) {
        const winners = await race(scene, write(scene, key, versionOf(info)))
        assert.equal(winners.length, 1)
        const now = await scene.provider.head(key, { signal: scene.signal })
        assert.ok(now !== undefined)
        assert.notEqual(now.version, info.version)
        // The same bytes may have the same version: start the next round from something else.
        info = await put(scene, key, `round ${round}`, { expect: versionOf(now) })
      }
    },
  },
  {
    name: 'a removal and a replacement at once: one of the two happens',
    unless: ({ guarantees }) =>
      guarantees.remove === 'atomic' || guarantees.remove === 'leased'
        ? undefined
        : `removals are ${guarantees.remove}`,
    async run(scene) {
      for (let round = 0; round < ROUNDS; round++) {
        const key = `${scene.prefix}either${round}`
        const info = await put(scene, key, 'start')
        const winners = await race(scene, (provider, racer) =>
          racer % 2 === 0
            ? provider.remove(key, { signal: scene.signal, expect: info.version })
            : write(scene, key, versionOf(info))(provider, racer),
        )
        const now = await scene.provider.head(key, { signal: scene.signal })
        const writers = winners.filter((racer) => racer % 2 === 1)
        assert.ok(writers.length <= 1, 'two replacements of one version')
        if (writers.length === 1) {
          assert.equal(winners.length, 1, 'removed and replaced')
          assert.ok(now !== undefined, 'the replacement that won is gone')
          assert.equal((await contentOf(scene, key)).toString(), `racer ${writers[0]}`)
        } else assert.equal(now, undefined, 'removed, and still there')
      }
    },
  },
  {
    name: 'a reader sees one version whole while others replace it',
    async run(scene) {
      const key = `${scene.prefix}torn`
      const size = 200_000
      const content = (letter: string): Uint8Array => new TextEncoder().encode(letter.repeat(size))
      let info = await put(scene, key, content('a'))
      const writer = await scene.another()
      let writing = true
      const writes = (async () => {
        for (const letter of 'bcdefghij')
          info = await put({ ...scene, provider: writer }, key, content(letter), {
            expect: versionOf(info),
          })
        writing = false
      })()
      // oxlint-disable-next-line no-unmodified-loop-condition -- the writer ends it
      while (writing) {
        // A provider that reads without waiting would keep the writer from what it waits for.
        await yieldToOthers()
        let read: Buffer
        try {
          read = await contentOf(scene, key)
        } catch (error) {
          // A store may tell a reader that its version is gone; half of one, never.
          assert.ok(
            isStorageError(error) &&
              ['network', 'precondition-failed', 'not-found'].includes(error.code),
            String(error),
          )
          continue
        }
        assert.equal(read.length, size)
        assert.ok(
          read.every((byte) => byte === read[0]),
          'two versions in one body',
        )
      }
      await writes
    },
  },
]
