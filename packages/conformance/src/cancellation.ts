import assert from 'node:assert/strict'
import type { Case } from './case.ts'
import { ABSENT, NO_METADATA, put, sourceOf } from './tools.ts'

async function rejectsWith(reason: unknown, operation: Promise<unknown>): Promise<void> {
  await assert.rejects(
    operation,
    (error) => error === reason,
    'an abort must reject with its own reason',
  )
}

export const cancellation: readonly Case[] = [
  {
    name: 'a signal that is aborted before the call means no effect',
    async run(scene) {
      const { provider, prefix } = scene
      const info = await put(scene, `${prefix}a`, 'x')
      const reason = new Error('stopped')
      const signal = AbortSignal.abort(reason)
      await rejectsWith(
        reason,
        provider.write(`${prefix}b`, sourceOf('x'), {
          signal,
          expect: ABSENT,
          metadata: NO_METADATA,
        }),
      )
      await rejectsWith(reason, provider.remove(`${prefix}a`, { signal, expect: info.version }))
      await rejectsWith(reason, provider.head(`${prefix}a`, { signal }))
      await rejectsWith(reason, provider.read(`${prefix}a`, { signal }))
      await rejectsWith(
        reason,
        (async () => {
          for await (const _ of provider.list({ prefix }, { signal })) void _
        })(),
      )
      assert.ok((await provider.head(`${prefix}a`, scene)) !== undefined)
      assert.equal(await provider.head(`${prefix}b`, scene), undefined)
    },
  },
  {
    name: 'an abort in the middle of a write stores nothing',
    async run(scene) {
      const { provider, prefix } = scene
      const stop = new AbortController()
      const reason = new Error('stopped')
      const source = {
        ...sourceOf(new Uint8Array(300_000)),
        async *open() {
          yield new Uint8Array(100_000)
          stop.abort(reason)
          yield new Uint8Array(200_000)
        },
      }
      await rejectsWith(
        reason,
        provider.write(`${prefix}a`, source, {
          signal: stop.signal,
          expect: ABSENT,
          metadata: NO_METADATA,
        }),
      )
      assert.equal(await provider.head(`${prefix}a`, scene), undefined)
    },
  },
]
