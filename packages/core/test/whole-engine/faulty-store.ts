import {
  type ByteSource,
  type Expect,
  StorageError,
  type MemoryStore,
  type ObjectInfo,
  type StorageProvider,
  type Uploads,
  type UploadSession,
} from '../../src/provider/index.ts'
import type { Random } from './random.ts'
import type { Actor, Scheduler } from './scheduler.ts'

export interface Faults {
  /** Probability that a call goes wrong. */
  rate: number
}

/** Broken on purpose, to see the checks fail. */
export interface Sabotage {
  /** Writes and removals look at no condition. */
  readonly ignoreConditions?: boolean
  /** What is read comes without a digest, as of an object that another tool wrote: nothing but the version holds its bytes together. */
  readonly unvouched?: boolean
  /** Objects are sent in parts. */
  readonly large?: boolean
  /** Hardly anything fits into one plan, or stays long in the journal. */
  readonly portions?: boolean
  /** No content is worth copying on the server: what is moved is sent. */
  readonly notCopied?: boolean
}

/** One client's way to the shared store: every call is a step, and any call may go wrong. */
export function faultyProvider(
  store: MemoryStore,
  actor: Actor,
  scheduler: Scheduler,
  random: Random,
  faults: Faults,
  sabotage: Sabotage = {},
): StorageProvider {
  const inner = store.open()
  const { signal } = new AbortController()
  const fail = (): StorageError =>
    random.pick([
      new StorageError('network', 'no answer'),
      new StorageError('server', 'status 500'),
      new StorageError('throttled', 'slow down'),
      new StorageError('busy', 'conflict'),
    ])
  const step = (label: string): Promise<void> => scheduler.step(actor, label)

  const ask = async <T>(label: string, operation: () => Promise<T>): Promise<T> => {
    await step(label)
    if (random.chance(faults.rate)) throw fail()
    return operation()
  }
  /** Acts or not, answers or not; or acts later, when nobody waits for it any more. */
  const act = async <T>(label: string, operation: () => Promise<T>): Promise<T> => {
    await step(label)
    if (random.chance(faults.rate)) throw fail()
    if (random.chance(faults.rate)) {
      const late: Actor = { name: `late ${actor.name}`, dead: false }
      void scheduler.step(late, label).then(() => operation().catch(() => undefined))
      throw new StorageError('network', 'lost')
    }
    const result = await operation()
    await step(`${label} answers`)
    if (random.chance(faults.rate))
      throw new StorageError(random.pick(['network', 'server']), 'answer lost')
    return result
  }
  const unconditional = (key: string): { readonly expect?: Expect } => {
    if (sabotage.ignoreConditions !== true) return {}
    const version = versionNow(key)
    return { expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version } }
  }
  const versionNow = (key: string): string | undefined => store.objects.get(key)?.version

  const { copy } = inner
  if (copy === undefined) throw new TypeError('the store in memory copies')

  return {
    guarantees: inner.guarantees,
    listsFolders: true,
    // Contents are short here, and copying them must be tried.
    copyWorthwhile: sabotage.notCopied === true ? Infinity : 1,
    async *list(range, options) {
      let after = range.after
      for (;;) {
        const page = await ask('LIST', async () => {
          for await (const first of inner.list(
            after === undefined ? range : { ...range, after },
            options,
          ))
            return first
          return []
        })
        if (page.length === 0) return
        const few: readonly ObjectInfo[] = page.slice(0, 3)
        after = few.at(-1)?.key
        yield few
      }
    },
    head: (key, options) => ask(`HEAD ${key}`, () => inner.head(key, options)),
    async read(key, options) {
      const { info, body } = await ask(`GET ${key}`, () => inner.read(key, options))
      async function* torn(): AsyncIterable<Uint8Array> {
        for await (const chunk of body) {
          await step(`GET ${key} body`)
          if (random.chance(faults.rate)) {
            yield chunk.subarray(0, chunk.length >> 1)
            throw new StorageError('network', 'torn')
          }
          // What nobody can notice is no fault to try.
          if (sabotage.unvouched !== true && random.chance(faults.rate / 4)) {
            const flipped = Uint8Array.from(chunk)
            const at = random.below(flipped.length)
            flipped[at] = (flipped[at] ?? 0) ^ 1
            yield flipped
          } else if (options.memory !== undefined) {
            // What a provider may do by then.
            const lent = Uint8Array.from(chunk)
            yield lent
            lent.fill(0)
          } else yield chunk
        }
      }
      return { info: sabotage.unvouched === true ? unvouched(info) : info, body: torn() }
    },
    write: (key, source, options) =>
      act(`PUT ${key}`, () =>
        inner.write(key, source, { ...options, ...unconditional(key), signal }),
      ),
    copy: (from, to, options) =>
      act(`COPY ${from.key} ${to}`, () =>
        copy(from, to, { ...options, ...unconditional(to), signal }),
      ),
    remove: (key, options) =>
      act(`DELETE ${key}`, () =>
        inner.remove(key, {
          signal,
          expect:
            sabotage.ignoreConditions === true
              ? (versionNow(key) ?? options.expect)
              : options.expect,
        }),
      ),
    ...(sabotage.large === true && inner.uploads !== undefined
      ? { uploads: faultyUploads(inner.uploads, ask, act) }
      : {}),
    async [Symbol.asyncDispose]() {},
  }
}

type Call = <T>(label: string, operation: () => Promise<T>) => Promise<T>

function faultyUploads(inner: Uploads, ask: Call, act: Call): Uploads {
  const { signal } = new AbortController()
  const wrap = (session: UploadSession): UploadSession => ({
    token: session.token,
    partSize: session.partSize,
    parallel: session.parallel,
    missing: () => ask('MISSING', () => session.missing({ signal })),
    stored: () => ask('STORED', async () => (await session.stored?.({ signal })) ?? []),
    async put(range, source, options) {
      // Read before it is sent, however late it arrives.
      const chunks: Uint8Array[] = []
      for await (const chunk of source.open(0, options.signal)) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      const read: ByteSource = {
        size: source.size,
        digests: source.digests,
        async *open() {
          yield bytes
        },
      }
      await act(`PART ${range.from}`, () => session.put(range, read, { signal }))
    },
    commit: () => act('COMMIT', () => session.commit({ signal })),
    abort: () => act('ABORT', () => session.abort({ signal })),
  })
  return {
    worthwhile: inner.worthwhile,
    begin: (key, options) =>
      act(`BEGIN ${key}`, async () => wrap(await inner.begin(key, { ...options, signal }))),
    resume: (token) => ask('RESUME', async () => wrap(await inner.resume(token, { signal }))),
    listPending: (options) => inner.listPending(options),
  }
}

function unvouched({ metadata, ...info }: ObjectInfo): ObjectInfo {
  if (metadata === undefined) return { ...info, digests: {} }
  const { sha256: _sha256, ...user } = metadata.user
  return { ...info, digests: {}, metadata: { ...metadata, user } }
}
