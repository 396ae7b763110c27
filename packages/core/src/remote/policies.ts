import type { World } from '../disk/clock.ts'
import {
  type ByteSource,
  type CallOptions,
  type Expect,
  isAmbiguous,
  isStorageError,
  isTemporary,
  type ObjectBody,
  type ObjectInfo,
  type ObjectMetadata,
  type ReadOptions,
  StorageError,
  type StorageProvider,
  type UploadOptions,
  type UploadSession,
} from '../provider/index.ts'
import type { Slots } from './limiter.ts'
import { pause, retrying, type RetryPolicy } from './retry.ts'

/** Refusals that our own success may answer with, once its answer was lost: the place is taken, by us; the upload is gone, into the object. */
const ECHOES: ReadonlySet<string> = new Set(['precondition-failed', 'upload-lost'])

export interface Policies {
  readonly retry: RetryPolicy
  /** Of all requests. */
  readonly slots: Slots
  /** Of those that change something, besides; at most as many as `slots`. */
  readonly writes?: Slots
  readonly world: World
}

/**
 * Wraps a provider with what holds for all of them: retry, the limit of requests in flight, and the rule for lost responses:
 * after a write whose answer did not arrive, read back before saying who won.
 */
export function withPolicies(provider: StorageProvider, policies: Policies): StorageProvider {
  const { retry, slots, writes = slots, world } = policies
  const again = <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    retrying(retry, world, signal, () => slots.run(signal, operation))
  // First the place that fewer have: whoever waits for it keeps none from those who only read.
  const writing = <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    writes === slots
      ? slots.run(signal, operation)
      : writes.run(signal, () => slots.run(signal, operation))
  const writingAgain = <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    retrying(retry, world, signal, () => writing(signal, operation))
  const head = (key: string, options: CallOptions): Promise<ObjectInfo | undefined> =>
    again(options.signal, () => provider.head(key, options))

  const settle = async (
    key: string,
    digests: ByteSource['digests'],
    size: number,
    metadata: ObjectMetadata,
    expect: Expect,
    signal: AbortSignal,
    attemptOnce: () => Promise<ObjectInfo>,
    before: 'untried' | 'perhaps-tried' = 'untried',
  ): Promise<ObjectInfo> => {
    let doubtful = before === 'perhaps-tried'
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      try {
        return await writing(signal, attemptOnce)
      } catch (error) {
        signal.throwIfAborted()
        if (!isStorageError(error)) throw error
        if (isAmbiguous(error)) doubtful = true
        // Until an attempt went astray, a refusal is plain truth. After one, even a refusal may be the echo of our own success.
        if (!doubtful) {
          if (!isTemporary(error)) throw error
          await pause(retry, world, attempt, error, signal)
          continue
        }
        if (!isAmbiguous(error) && !isTemporary(error) && !ECHOES.has(error.code)) throw error
        const now = await head(key, { signal })
        if (now !== undefined && isOurs(now, digests, size, metadata)) return now
        if (!stillHolds(expect, now))
          throw new StorageError('precondition-failed', `the remote moved on: ${key}`, { key })
        await pause(retry, world, attempt, error, signal)
      }
    }
  }

  const wrapSession = (
    session: UploadSession,
    key: string,
    { size, digests, metadata, expect }: Omit<UploadOptions, 'signal'>,
    before: 'untried' | 'perhaps-tried',
  ): UploadSession => ({
    get token() {
      return session.token
    },
    partSize: session.partSize,
    parallel: session.parallel,
    missing: (options) => again(options.signal, () => session.missing(options)),
    ...(session.stored === undefined
      ? {}
      : { stored: (options) => again(options.signal, () => session.stored!(options)) }),
    // A part has one meaning however often it is sent.
    put: (range, source, options) =>
      writingAgain(options.signal, () => session.put(range, source, options)),
    commit: (options) =>
      settle(
        key,
        digests,
        size,
        metadata,
        expect,
        options.signal,
        () => session.commit(options),
        before,
      ),
    abort: (options) => again(options.signal, () => session.abort(options)),
  })

  const { copy, uploads, history } = provider
  return {
    guarantees: provider.guarantees,
    listsFolders: provider.listsFolders,
    ...(provider.listPage === undefined ? {} : { listPage: provider.listPage }),
    get quickest() {
      return provider.quickest
    },

    async *list(range, options) {
      let after = range.after
      for (let attempt = 1; ; attempt++) {
        try {
          for await (const page of provider.list(
            after === undefined ? range : { ...range, after },
            options,
          )) {
            // What was yielded is behind us: a later failure goes on from there, it does not begin again.
            after = page.at(-1)?.key ?? after
            attempt = 1
            yield page
          }
          return
        } catch (error) {
          options.signal.throwIfAborted()
          if (!isTemporary(error)) throw error
          await pause(retry, world, attempt, error, options.signal)
        }
      }
    },

    head,

    async read(key, options) {
      const first = await again(options.signal, () => provider.read(key, options))
      // Nothing is left that could break off.
      if (first.bytes !== undefined) return first
      return { info: first.info, body: resuming(provider, policies, key, options, first) }
    },

    write: (key, source, options) =>
      settle(
        key,
        source.digests,
        source.size,
        options.metadata,
        options.expect,
        options.signal,
        () => provider.write(key, source, options),
      ),

    async remove(key, options) {
      let doubtful = false
      for (let attempt = 1; ; attempt++) {
        options.signal.throwIfAborted()
        try {
          await writing(options.signal, () => provider.remove(key, options))
          return
        } catch (error) {
          options.signal.throwIfAborted()
          if (!isStorageError(error)) throw error
          if (error.code === 'not-found' && doubtful) return
          if (isAmbiguous(error)) doubtful = true
          if (!isTemporary(error)) throw error
          await pause(retry, world, attempt, error, options.signal)
        }
      }
    },

    ...(provider.probe === undefined
      ? {}
      : { probe: (options) => slots.run(options.signal, () => provider.probe!(options)) }),
    ...(provider.flush === undefined ? {} : { flush: (options) => provider.flush!(options) }),
    ...(copy === undefined
      ? {}
      : {
          copy: (from, to, options) =>
            settle(to, {}, options.size, options.metadata, options.expect, options.signal, () =>
              copy(from, to, options),
            ),
        }),
    ...(provider.copyWorthwhile === undefined ? {} : { copyWorthwhile: provider.copyWorthwhile }),
    ...(history === undefined
      ? {}
      : {
          history: {
            read: (key, options) => again(options.signal, () => history.read(key, options)),
          },
        }),
    ...(uploads === undefined
      ? {}
      : {
          uploads: {
            worthwhile: uploads.worthwhile,
            async begin(key, options) {
              const session = await writingAgain(options.signal, () => uploads.begin(key, options))
              return wrapSession(session, key, options, 'untried')
            },
            async resume(token, options) {
              const session = await again(options.signal, () => uploads.resume(token, options))
              const { begun } = options
              // The process that began it may have died while it committed.
              return begun === undefined
                ? session
                : wrapSession(session, begun.key, begun, 'perhaps-tried')
            },
            listPending: (options) => uploads.listPending(options),
          },
        }),
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  }
}

/**
 * Whether the object that stands there now is the one that we tried to write. The store's word on the content counts; where it gives
 * none (uploads in parts), the metadata that this write alone carried: digest, author and times together. Without a digest in either, equal size says nothing.
 */
export function isOurs(
  now: ObjectInfo,
  digests: ByteSource['digests'],
  size: number,
  metadata: ObjectMetadata,
): boolean {
  if (now.size !== size) return false
  for (const [name, value] of Object.entries(metadata.user))
    if (now.metadata?.user[name] !== value) return false
  // What says something by not being there: the object before the write may differ by that alone.
  for (const name of ['executable', 'type'])
    if (now.metadata?.user[name] !== metadata.user[name]) return false
  if (digests.sha256 !== undefined && now.digests.sha256 !== undefined)
    return digests.sha256 === now.digests.sha256
  return size === 0 || metadata.user['sha256'] !== undefined
}

function stillHolds(expect: Expect, now: ObjectInfo | undefined): boolean {
  return expect.kind === 'absent' ? now === undefined : now?.version === expect.version
}

/** A body that goes on after a torn connection, pinned to the version that it began with. */
async function* resuming(
  provider: StorageProvider,
  policies: Policies,
  key: string,
  options: ReadOptions,
  first: ObjectBody,
): AsyncIterable<Uint8Array> {
  const { retry, world, slots } = policies
  const start = options.from ?? 0
  let received = 0
  let body = first.body
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const chunk of body) {
        received += chunk.length
        attempt = 1
        yield chunk
      }
      return
    } catch (error) {
      options.signal.throwIfAborted()
      if (!isTemporary(error)) throw error
      await pause(retry, world, attempt, error, options.signal)
      const rest: ReadOptions = {
        ...options,
        version: first.info.version,
        from: start + received,
        ...(options.length === undefined ? {} : { length: options.length - received }),
      }
      if (options.length !== undefined && received >= options.length) return
      const reopened = await retrying(retry, world, options.signal, () =>
        slots.run(options.signal, () => provider.read(key, rest)),
      )
      body = reopened.body
    }
  }
}
