import type { World } from '../disk/world.ts'
import {
  type CallOptions,
  isAmbiguous,
  isStorageError,
  isTemporary,
  type ObjectBody,
  type ObjectInfo,
  type ReadOptions,
  type StorageError,
  type StorageProvider,
  type UploadSession,
} from '../provider/index.ts'
import type { Slots } from './limiter.ts'
import { type Hands, settleWrite, type Write } from './lost-answer.ts'
import { resumed } from './resumed-body.ts'
import { pause, type Retrying, retrying, type RetryPolicy } from './retry.ts'

export interface Policies {
  readonly retry: RetryPolicy
  /** Of all requests. */
  readonly slots: Slots
  /** Of those that change something, besides; at most as many as `slots`. */
  readonly writes?: Slots
  readonly world: World
}

/**
 * Wraps a provider with what holds for all of them: retry, the limit of requests in flight, and the rule for lost answers (`lost-answer.ts`).
 */
export function withPolicies(provider: StorageProvider, policies: Policies): StorageProvider {
  const { retry, slots, writes = slots, world } = policies
  const how = (signal: AbortSignal): Retrying => ({ policy: retry, world, signal })
  const again = <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    retrying(how(signal), () => slots.run(signal, operation))
  // First the place that fewer have: whoever waits for it keeps none from those who only read.
  const writing = <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    writes === slots
      ? slots.run(signal, operation)
      : writes.run(signal, () => slots.run(signal, operation))
  const writingAgain = <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    retrying(how(signal), () => writing(signal, operation))
  const head = (key: string, options: CallOptions): Promise<ObjectInfo | undefined> =>
    again(options.signal, () => provider.head(key, options))

  const settle = (
    write: Write,
    signal: AbortSignal,
    attemptOnce: () => Promise<ObjectInfo>,
    before?: 'perhaps-tried',
  ): Promise<ObjectInfo> => {
    const hands: Hands = {
      attempt: () => writing(signal, attemptOnce),
      look: () => head(write.key, { signal }),
      pause: (attempt, error) => pause(how(signal), attempt, error),
    }
    return settleWrite(write, hands, signal, before)
  }

  const wrapSession = (
    session: UploadSession,
    write: Write,
    before?: 'perhaps-tried',
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
    commit: (options) => settle(write, options.signal, () => session.commit(options), before),
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
          await pause(how(options.signal), attempt, error)
        }
      }
    },

    head,

    async read(key, options) {
      const first = await again(options.signal, () => provider.read(key, options))
      // Nothing is left that could break off.
      if (first.bytes !== undefined) return first
      const reopen = (rest: ReadOptions): Promise<ObjectBody> =>
        again(options.signal, () => provider.read(key, rest))
      const wait = (attempt: number, error: StorageError): Promise<void> =>
        pause(how(options.signal), attempt, error)
      return { info: first.info, body: resumed(first, options, reopen, wait) }
    },

    write(key, source, options) {
      const { size, digests } = source
      const { signal, expect, metadata } = options
      return settle({ key, size, digests, expect, metadata }, signal, () =>
        provider.write(key, source, options),
      )
    },

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
          await pause(how(options.signal), attempt, error)
        }
      }
    },

    ...(provider.probe === undefined
      ? {}
      : {
          probe: (options) =>
            provider.probe!({ ...options, again: (step) => again(options.signal, step) }),
        }),
    ...(provider.flush === undefined ? {} : { flush: (options) => provider.flush!(options) }),
    ...(copy === undefined
      ? {}
      : {
          copy: (from, to, options) => {
            const { signal, size, expect, metadata } = options
            return settle({ key: to, size, digests: {}, expect, metadata }, signal, () =>
              copy(from, to, options),
            )
          },
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
            ...(uploads.crc32PartSize === undefined
              ? {}
              : { crc32PartSize: (size) => uploads.crc32PartSize!(size) }),
            async begin(key, options) {
              const session = await writingAgain(options.signal, () => uploads.begin(key, options))
              const { size, digests, expect, metadata } = options
              return wrapSession(session, { key, size, digests, expect, metadata })
            },
            async resume(token, options) {
              const session = await again(options.signal, () => uploads.resume(token, options))
              const { begun } = options
              // The process that began it may have died while it committed.
              return begun === undefined ? session : wrapSession(session, begun, 'perhaps-tried')
            },
            listPending: (options) => uploads.listPending(options),
          },
        }),
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  }
}
