import { randomBytes } from 'node:crypto'
import { statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { StorageError } from '../../src/index.ts'
import { PART, wired, type Wired } from './wired-clones.ts'

const DAY = 24 * 60 * 60 * 1000
const { signal } = new AbortController()

/** A file of ten parts, of which an interrupted run sent some. */
async function halfSent(c: Wired): Promise<Uint8Array> {
  const bytes = randomBytes(10 * PART)
  writeFileSync(join(c.a, 'file'), bytes)
  // Young enough to change unseen: what is recorded of such a file proves nothing.
  await new Promise((resolve) => {
    setTimeout(resolve, 40)
  })
  await c.interrupted(0, (stop) => {
    c.wire.onPart = (count) => {
      if (count >= 5) stop()
    }
  })
  expect(c.left(c.a)).toHaveLength(1)
  expect(c.wire.parts.length).toBeGreaterThanOrEqual(5)
  expect(c.wire.parts.length).toBeLessThan(10)
  return bytes
}

const stored = (c: Wired): Buffer => Buffer.from(c.store.objects.get('file')?.bytes ?? [])

test('an upload that was interrupted sends what is missing, and nothing twice', async () => {
  using c = await wired()
  const bytes = await halfSent(c)
  const { totals, events } = await c.sync(0)
  expect(totals.uploaded).toEqual({ files: 1, bytes: bytes.length })
  expect(stored(c)).toEqual(bytes)
  expect(c.wire.parts).toHaveLength(10)
  expect(new Set(c.wire.parts.map(({ from }) => from)).size).toBe(10)
  expect(c.wire.begun).toBe(1)
  expect(events).toContainEqual({
    type: 'resumed',
    direction: 'up',
    bytes: expect.any(Number) as number,
  })
  expect(c.left(c.a)).toEqual([])
  expect(await c.pending()).toEqual([])
})

test('a file that changed meanwhile is sent from its beginning, and the old upload given up', async () => {
  using c = await wired()
  await halfSent(c)
  const other = randomBytes(10 * PART)
  writeFileSync(join(c.a, 'file'), other)
  await c.sync(0)
  expect(stored(c)).toEqual(other)
  expect(c.wire.begun).toBe(2)
  expect(await c.pending()).toEqual([])
  expect(c.left(c.a)).toEqual([])
})

test('a file that was touched but is the same goes on, if its metadata is the same too', async () => {
  using c = await wired()
  const bytes = await halfSent(c)
  const { mtime } = statSync(join(c.a, 'file'))
  utimesSync(join(c.a, 'file'), mtime, mtime)
  writeFileSync(join(c.a, 'file'), bytes)
  utimesSync(join(c.a, 'file'), mtime, mtime)
  await c.sync(0)
  // Its time was cut to milliseconds: that is metadata, which is given when an upload begins.
  expect(c.wire.begun).toBe(2)
  expect(stored(c)).toEqual(bytes)
  expect(await c.pending()).toEqual([])
})

test('a part that is not what the file holds is sent again', async () => {
  using c = await wired()
  const bytes = await halfSent(c)
  const [{ from, to } = { from: 0, to: 0 }] = c.wire.parts
  const [{ token } = { token: {} }] = await c.pending()
  const session = await c.store.open().uploads!.resume(token, { signal })
  const wrong = randomBytes(to - from)
  await session.put(
    { from, to },
    {
      size: wrong.length,
      digests: {},
      async *open() {
        yield wrong
      },
    },
    { signal },
  )
  await c.sync(0)
  expect(stored(c)).toEqual(bytes)
  expect(c.wire.begun).toBe(1)
  expect(c.wire.parts.filter((part) => part.from === from)).toHaveLength(2)
})

test('an upload that the store has forgotten begins anew', async () => {
  using c = await wired()
  const bytes = await halfSent(c)
  const [{ token } = { token: {} }] = await c.pending()
  await (await c.store.open().uploads!.resume(token, { signal })).abort({ signal })
  await c.sync(0)
  expect(stored(c)).toEqual(bytes)
  expect(c.wire.begun).toBe(2)
  expect(c.left(c.a)).toEqual([])
})

test('who died after the commit finds the upload done', async () => {
  using c = await wired()
  writeFileSync(join(c.a, 'file'), randomBytes(10 * PART))
  await c.interrupted(0, (stop) => {
    c.wire.afterCommit = stop
  })
  expect(c.left(c.a)).toHaveLength(1)
  const { totals } = await c.sync(0)
  expect(totals).toMatchObject({ uploaded: { files: 0 }, adopted: 1 })
  expect(c.wire.parts).toHaveLength(10)
  expect(c.left(c.a)).toEqual([])
})

test('a commit that arrives after the next run has looked is recognised', async () => {
  using c = await wired()
  const bytes = await halfSent(c)
  const [{ token } = { token: {} }] = await c.pending()
  // Another process of ours, long dead, had sent the rest and the commit; they arrive while this run begins to send.
  let late = false
  c.wire.session = (session) => ({
    ...session,
    async missing(options) {
      const missing = await session.missing(options)
      if (late) return missing
      late = true
      const ghost = await c.store.open().uploads!.resume(token, options)
      for (const { from, to } of missing)
        await ghost.put(
          { from, to },
          {
            size: to - from,
            digests: {},
            async *open() {
              yield bytes.subarray(from, to)
            },
          },
          options,
        )
      await ghost.commit(options)
      return missing
    },
  })
  const { totals, conflicts } = await c.sync(0)
  expect(conflicts).toEqual([])
  expect(totals).toMatchObject({ uploaded: { files: 1 }, failed: 0 })
  expect(c.wire.begun).toBe(1)
  expect(stored(c)).toEqual(bytes)
  expect(c.left(c.a)).toEqual([])
})

test('a session that is finished already is committed, with nothing to send', async () => {
  using c = await wired()
  const bytes = await halfSent(c)
  await c.interrupted(0, (stop) => {
    c.wire.session = (session) => ({
      ...session,
      commit: async () => {
        stop()
        throw new StorageError('network', 'no answer')
      },
    })
  })
  expect(c.wire.parts).toHaveLength(10)
  c.wire.session = ({ stored: _stored, ...session }) => ({ ...session, parallel: false })
  expect((await c.sync(0)).totals.uploaded.files).toBe(1)
  expect(c.wire.parts).toHaveLength(10)
  expect(stored(c)).toEqual(bytes)
})

test('an upload whose place is taken is given up', async () => {
  using c = await wired()
  await halfSent(c)
  await c.put('file', 'of somebody else')
  const allow = ['unrelated'] as const
  expect((await c.sync(0, { allow })).conflicts).toHaveLength(1)
  expect(await c.pending()).toHaveLength(1)
  await c.sync(0, { allow, conflict: 'local' })
  expect(await c.pending()).toEqual([])
  expect(c.left(c.a)).toEqual([])
})

test('an upload that nothing needs is given up after a week; those of others never', async () => {
  using c = await wired()
  await halfSent(c)
  await c.store.open().uploads!.begin('of-others', {
    signal,
    size: 10,
    digests: {},
    expect: { kind: 'absent' },
    metadata: { user: {} },
  })
  await c.put('file', 'of somebody else')
  const allow = ['unrelated'] as const
  await c.sync(0, { allow })
  c.wire.now = Date.now() + 6 * DAY
  await c.sync(0, { allow })
  expect(await c.pending()).toHaveLength(2)
  c.wire.now = Date.now() + 8 * DAY
  await c.sync(0, { allow, mode: 'pull' })
  await c.sync(0, { allow, dryRun: true })
  expect(await c.pending()).toHaveLength(2)
  await c.sync(0, { allow })
  expect((await c.pending()).map(({ key }) => key)).toEqual(['of-others'])
  expect(c.left(c.a)).toEqual([])
})
