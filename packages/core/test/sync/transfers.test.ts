import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type ByteRange,
  type PendingUpload,
  StorageError,
  type StorageProvider,
  type UploadSession,
} from '../../src/index.ts'
import { clones } from './two-clones.ts'

const PART = 1024
/** Above, objects are read in ranges. */
const LARGE = 33 * 1024 * 1024
const DAY = 24 * 60 * 60 * 1000
const signal = new AbortController().signal

/** Two clones, and what went over the wire; a run can be interrupted there. */
async function wired() {
  const wire = {
    parts: [] as ByteRange[],
    read: 0,
    begun: 0,
    now: undefined as number | undefined,
    onPart: (_count: number): void => undefined,
    onRead: (_bytes: number): void => undefined,
    afterCommit: (): void => undefined,
    session: (session: UploadSession): UploadSession => session,
  }
  const watched = (session: UploadSession): UploadSession =>
    wire.session({
      ...session,
      async put(range, source, options) {
        wire.onPart(wire.parts.length)
        options.signal.throwIfAborted()
        await session.put(range, source, options)
        wire.parts.push(range)
      },
      async commit(options) {
        const info = await session.commit(options)
        wire.afterCommit()
        options.signal.throwIfAborted()
        return info
      },
    })
  const around = (provider: StorageProvider): StorageProvider => {
    const { uploads } = provider
    if (uploads === undefined) throw new TypeError('the store in memory takes parts')
    return {
      ...provider,
      async read(key, options) {
        const { info, body } = await provider.read(key, options)
        async function* counted(): AsyncIterable<Uint8Array> {
          for await (const chunk of body) {
            if (key === 'file') {
              wire.onRead(wire.read)
              options.signal.throwIfAborted()
              wire.read += chunk.length
            }
            yield chunk
          }
        }
        return { info, body: counted() }
      },
      uploads: {
        ...uploads,
        async begin(key, options) {
          wire.begun++
          return watched(await uploads.begin(key, options))
        },
        resume: async (token, options) => watched(await uploads.resume(token, options)),
      },
    }
  }
  const both = await clones(2, { partSize: PART, around, now: () => wire.now ?? Date.now() })
  const [a = '', b = ''] = both.folders
  const interrupted = async (index: number, when: (stop: () => void) => void): Promise<void> => {
    const run = new AbortController()
    when(() => run.abort(new Error('interrupted')))
    await expect(both.sync(index, { signal: run.signal })).rejects.toThrow('interrupted')
    Object.assign(wire, {
      onPart: () => undefined,
      onRead: () => undefined,
      afterCommit: () => undefined,
    })
  }
  const pending = async (): Promise<readonly PendingUpload[]> => {
    const found: PendingUpload[] = []
    for await (const one of both.store.open().uploads!.listPending({ signal })) found.push(one)
    return found
  }
  /** Puts an object there, in one piece. */
  const place = async (key: string, bytes: Uint8Array): Promise<void> => {
    const version = both.store.objects.get(key)?.version
    await both.store.open().write(
      key,
      {
        size: bytes.length,
        digests: {},
        async *open() {
          yield bytes
        },
      },
      {
        signal,
        metadata: { user: {} },
        expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
      },
    )
  }
  return {
    ...both,
    a,
    b,
    wire,
    interrupted,
    pending,
    place,
    left: (folder: string): string[] =>
      existsSync(join(folder, '.lsync/transfers'))
        ? readdirSync(join(folder, '.lsync/transfers'))
        : [],
    [Symbol.dispose]: () => both[Symbol.dispose](),
  }
}

type Wired = Awaited<ReturnType<typeof wired>>

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

/** An object of which an interrupted run fetched some. */
async function halfFetched(c: Wired): Promise<Uint8Array> {
  const bytes = randomBytes(LARGE)
  await c.place('file', bytes)
  await c.interrupted(1, (stop) => {
    c.wire.onRead = (read) => {
      if (read >= LARGE / 2) stop()
    }
  })
  expect(c.left(c.b)).toHaveLength(2)
  return bytes
}

const arrived = (c: Wired): Buffer => readFileSync(join(c.b, 'file'))

test('a download that was interrupted fetches what is missing, and nothing twice', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const before = c.wire.read
  expect(before).toBeLessThan(LARGE)
  const { totals, events } = await c.sync(1)
  expect(totals.downloaded).toEqual({ files: 1, bytes: LARGE })
  expect(arrived(c).equals(bytes)).toBe(true)
  expect(c.wire.read).toBe(LARGE)
  expect(events).toContainEqual({ type: 'resumed', direction: 'down', bytes: before })
  expect(c.left(c.b)).toEqual([])
  expect(readdirSync(join(c.b, '.lsync/staging'))).toEqual([])
})

test('an object that changed meanwhile is fetched from its beginning', async () => {
  using c = await wired()
  await halfFetched(c)
  const other = randomBytes(LARGE)
  await c.place('file', other)
  const before = c.wire.read
  await c.sync(1)
  expect(arrived(c).equals(other)).toBe(true)
  expect(c.wire.read - before).toBe(LARGE)
  expect(c.left(c.b)).toEqual([])
})

test('bytes that are not the ones that were noted make it begin anew, once', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const part = c.left(c.b).find((name) => name.endsWith('.part')) ?? ''
  const lying = readFileSync(join(c.b, '.lsync/transfers', part))
  lying[0] = (lying[0] ?? 0) ^ 1
  writeFileSync(join(c.b, '.lsync/transfers', part), lying)
  const { problems } = await c.sync(1)
  expect(problems).toEqual([])
  expect(arrived(c).equals(bytes)).toBe(true)
  expect(c.left(c.b)).toEqual([])
})

test('bytes that are gone are fetched again', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const part = c.left(c.b).find((name) => name.endsWith('.part')) ?? ''
  writeFileSync(join(c.b, '.lsync/transfers', part), 'short')
  await c.sync(1)
  expect(arrived(c).equals(bytes)).toBe(true)
})

test('small files leave no trace among the transfers', async () => {
  using c = await wired()
  writeFileSync(join(c.a, 'small'), 'small')
  await c.sync(0)
  await c.sync(1)
  for (const folder of [c.a, c.b]) expect(existsSync(join(folder, '.lsync/transfers'))).toBe(false)
})
