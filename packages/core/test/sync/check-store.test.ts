import { expect, test } from 'vitest'
import {
  type MemoryOptions,
  memoryStore,
  nodeWorld,
  type ObjectInfo,
  type ProbeFinding,
  StorageError,
  type StorageProvider,
} from '../../src/index.ts'
import { checkStore } from '../../src/sync/check-store.ts'

/** What a store does otherwise than the contract says. */
type Lie = (honest: StorageProvider) => Partial<StorageProvider>

interface Checked {
  readonly findings: readonly ProbeFinding[]
  /** The checks that found something. */
  readonly bad: readonly string[]
  /** Keys that stay. */
  readonly left: readonly string[]
}

async function checkOf(lie: Lie = () => ({}), options: MemoryOptions = {}): Promise<Checked> {
  const store = memoryStore(options)
  const honest = store.open()
  await honest.write('.lsync/probe/dead/object', bytes('x'), writing(new AbortController().signal))
  const findings = await checkStore({ ...honest, ...lie(honest) }, nodeWorld(), new Set(), {
    signal: new AbortController().signal,
  })
  return {
    findings,
    bad: findings.filter(({ ok }) => !ok).map(({ check }) => check),
    left: [...store.objects.keys()],
  }
}

const bytes = (text: string) => ({
  size: text.length,
  digests: {},
  async *open() {
    yield new TextEncoder().encode(text)
  },
})
const writing = (signal: AbortSignal) =>
  ({ signal, expect: { kind: 'absent' }, metadata: { user: {} } }) as const

test('a store that keeps the contract passes, and nothing stays of the check', async () => {
  const { findings, bad, left } = await checkOf()
  expect(bad).toEqual([])
  expect(findings.map(({ check }) => check)).toEqual([
    'access',
    'content',
    'ranges',
    'listing',
    'concurrent-writes',
    'conditions',
    'metadata',
    'names',
    'folders',
    'clock',
    'versioning',
  ])
  for (const { message } of findings) expect(message).toMatch(/^[A-Z].*\.$/)
  // A check of another client may be under way: what is young stays.
  expect(left).toEqual(['.lsync/probe/dead/object'])
})

test('a store whose versions are digests passes, however the races end', async () => {
  const digested = <T extends ObjectInfo>(info: T): T => ({
    ...info,
    version: info.digests.sha256 ?? '',
    fingerprint: info.digests.sha256 ?? '',
  })
  for (let round = 0; round < 20; round++) {
    const { bad } = await checkOf((honest) => ({
      async *list(range, options) {
        for await (const page of honest.list(range, options)) yield page.map(digested)
      },
      async head(key, options) {
        const info = await honest.head(key, options)
        return info === undefined ? undefined : digested(info)
      },
      async remove(key, options) {
        const now = await honest.head(key, options)
        const same = now?.digests.sha256 === options.expect
        await honest.remove(key, { ...options, expect: same ? (now?.version ?? '') : 'another' })
      },
      async write(key, source, options) {
        // Who comes first is left to chance.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
        for (;;) {
          const now = await honest.head(key, options)
          const { expect: wanted } = options
          const holds =
            wanted.kind === 'absent' ? now === undefined : now?.digests.sha256 === wanted.version
          if (!holds) throw new StorageError('precondition-failed', 'no')
          try {
            return digested(
              await honest.write(key, source, {
                ...options,
                expect:
                  now === undefined
                    ? { kind: 'absent' }
                    : { kind: 'version', version: now.version },
              }),
            )
          } catch {
            // Somebody came between: look again.
          }
        }
      },
    }))
    expect(bad).toEqual([])
  }
})

test('what a check left behind that died long ago goes, too', async () => {
  const { left } = await checkOf(undefined, { now: () => Date.now() - 2 * 60 * 60 * 1000 })
  expect(left).toEqual([])
})

test('what the probe of the provider has told is not told again', async () => {
  const findings = await checkStore(
    memoryStore().open(),
    nodeWorld(),
    new Set(['clock', 'versioning', 'folders']),
    { signal: new AbortController().signal },
  )
  expect(findings.map(({ check }) => check)).not.toContain('clock')
})

const LIES: readonly (readonly [string, Lie])[] = [
  [
    'content',
    (honest) => ({
      async read(key, options) {
        const { info, body } = await honest.read(key, options)
        return { info, body: changed(body) }
      },
    }),
  ],
  ['ranges', (honest) => ({ read: (key, options) => honest.read(key, { ...options, from: 0 }) })],
  [
    'listing',
    (honest) => ({
      async *list(range, options) {
        for await (const page of honest.list(range, options))
          yield page.filter(({ key }) => !key.endsWith('listing/b/d/e'))
      },
    }),
  ],
  ['listing', (honest) => ({ list: ({ prefix }, options) => honest.list({ prefix }, options) })],
  [
    'concurrent-writes',
    (honest) => ({
      async write(key, source, options) {
        const now = await honest.head(key, options)
        const { expect: wanted } = options
        const holds = wanted.kind === 'absent' ? now === undefined : now?.version === wanted.version
        if (!holds) throw new StorageError('precondition-failed', 'no')
        // Looked at before, and not in the same step.
        await new Promise((resolve) => setTimeout(resolve, 5))
        const then = await honest.head(key, options)
        return honest.write(key, source, {
          ...options,
          expect:
            then === undefined ? { kind: 'absent' } : { kind: 'version', version: then.version },
        })
      },
    }),
  ],
  ['concurrent-writes', (honest) => ({ guarantees: { ...honest.guarantees, replace: 'checked' } })],
  [
    'conditions',
    (honest) => ({
      async remove(key, options) {
        const now = await honest.head(key, options)
        await honest.remove(key, { ...options, expect: now?.version ?? '' })
      },
    }),
  ],
  [
    'metadata',
    (honest) => ({
      async head(key, options) {
        const info = await honest.head(key, options)
        return info === undefined ? undefined : { ...info, metadata: { user: {} } }
      },
    }),
  ],
  [
    'names',
    (honest) => ({
      read: (key, options) =>
        honest.read(key.endsWith('names/a b') ? key.replace(/a b$/, 'a+b') : key, options),
    }),
  ],
  [
    'folders',
    (honest) => ({
      async *list(range, options) {
        for await (const page of honest.list(range, options))
          yield page.filter(({ key }) => !key.endsWith('empty/'))
      },
    }),
  ],
]

test.each(LIES)('a store that lies is found out: %s', async (check, lie) => {
  const { bad, findings, left } = await checkOf(lie)
  expect(bad).toContain(check)
  for (const { message } of findings) expect(message).toMatch(/^[A-Z].*\.$/)
  if (check !== 'folders' && check !== 'listing') expect(left).toEqual(['.lsync/probe/dead/object'])
})

test('a clock that is wrong is found, and in which direction', async () => {
  const { findings, bad } = await checkOf(undefined, { now: () => Date.now() + 600_000 })
  expect(bad).toEqual(['clock'])
  expect(findings.find(({ check }) => check === 'clock')?.message).toMatch(/600 s behind/)
})

test('a name that is refused is no fault, and is told', async () => {
  const { findings, bad } = await checkOf((honest) => ({
    async write(key, source, options) {
      if (key.includes('#')) throw new StorageError('bad-key', 'no #', { key })
      return honest.write(key, source, options)
    },
  }))
  expect(bad).toEqual([])
  expect(findings.find(({ check }) => check === 'names')?.message).toContain('1 of 21 odd names')
})

test.each([
  ['list', 'may not list', ['list']],
  ['write', 'can only pull', ['write']],
  ['delete', 'stay on the remote', ['remove']],
] as const)('credentials that may not %s are told what follows', async (_, words, refused) => {
  const forbidden = async (): Promise<never> => {
    throw new StorageError('forbidden', 'no')
  }
  const { findings, left } = await checkOf((honest) => ({
    ...(refused[0] === 'list'
      ? {
          // oxlint-disable-next-line require-yield -- it fails before the first page
          async *list() {
            await forbidden()
          },
        }
      : { [refused[0]]: forbidden }),
    guarantees: honest.guarantees,
  }))
  expect(findings[0]).toMatchObject({ check: 'access', ok: false })
  expect(findings[0]?.message).toContain(words)
  expect(findings.map(({ check }) => check).includes('content')).toBe(false)
  if (refused[0] === 'remove') {
    expect(left).toHaveLength(2)
    expect(findings.at(-1)).toMatchObject({ check: 'scratch', ok: false })
  }
})

test('a check that fails or is stopped in the middle cleans up all the same', async () => {
  const store = memoryStore()
  const honest = store.open()
  const stop = new AbortController()
  let writes = 0
  const provider: StorageProvider = {
    ...honest,
    async write(key, source, options) {
      if (++writes === 20) stop.abort(new Error('enough'))
      options.signal.throwIfAborted()
      return honest.write(key, source, options)
    },
  }
  await expect(
    checkStore(provider, nodeWorld(), new Set(), { signal: stop.signal }),
  ).rejects.toThrow('enough')
  expect([...store.objects.keys()]).toEqual([])

  writes = 0
  const torn: StorageProvider = {
    ...honest,
    async write(key, source, options) {
      if (++writes === 20) throw new StorageError('network', 'gone')
      return honest.write(key, source, options)
    },
  }
  await expect(
    checkStore(torn, nodeWorld(), new Set(), { signal: new AbortController().signal }),
  ).rejects.toThrow('gone')
  expect([...store.objects.keys()]).toEqual([])
})

async function* changed(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) yield chunk.map((byte) => byte ^ 1)
}
