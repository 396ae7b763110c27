import {
  type ByteSource,
  type Guarantees,
  memoryStore,
  type MemoryStore,
  type ObjectInfo,
  StorageError,
  type StorageErrorCode,
  type StorageProvider,
} from '../../../src/provider/index.ts'
import type { Random } from './random.ts'
import type { Process, Scheduler } from './scheduler.ts'

export interface StoreOptions {
  readonly random: Random
  /** Keys in a page of a listing: small, so that a listing of a few keys is no snapshot. */
  readonly pageSize: number
  /** How likely a request meets a fault. */
  readonly faults: number
  /** Which digest the store vouches for. */
  readonly vouches: 'sha256' | 'md5' | 'nothing'
  /** False hides zero-byte keys that end in a slash from listings. */
  readonly listsFolders: boolean
  /** Operations that look first and act a step later, so that another client can slip in between. */
  readonly checked: readonly ('create' | 'replace' | 'remove')[]
}

type Fault = 'before' | 'lost' | 'delayed'

/** One store for all clients: slow, unreliable as the seed says, and atomic where it claims to be. */
export class FaultyStore {
  readonly memory: MemoryStore
  /** Off while the clients settle in the end. */
  unreliable = true
  /** What each version that ever stood here holds: nobody may claim another content for it. */
  readonly versions = new Map<string, { readonly key: string; readonly sha256: string }>()
  readonly #scheduler: Scheduler
  readonly #options: StoreOptions
  /** The store acts by itself for requests whose sender has given up. */
  readonly #self: Process

  constructor(scheduler: Scheduler, options: StoreOptions) {
    this.#scheduler = scheduler
    this.#options = options
    this.#self = scheduler.process('store')
    this.memory = memoryStore({ now: () => scheduler.now, pageSize: options.pageSize })
  }

  /** The store as this process reaches it. */
  open(process: Process): StorageProvider {
    const base = this.memory.open()
    const { checked, listsFolders } = this.#options
    const guarantees: Guarantees = {
      ...base.guarantees,
      ...Object.fromEntries(checked.map((operation) => [operation, 'checked'])),
    }
    const arrive = async (label: string, signal: AbortSignal): Promise<void> => {
      signal.throwIfAborted()
      await this.#scheduler.step(process, label)
      signal.throwIfAborted()
    }
    const shown = (info: ObjectInfo): ObjectInfo => this.#shown(info)

    const mutate = async <T>(
      label: string,
      key: string,
      operation: 'create' | 'replace' | 'remove',
      act: () => Promise<T>,
      expected: () => void,
    ): Promise<T> => {
      const fault = this.#fault()
      if (fault === 'before') throw this.#refusal(key)
      if (checked.includes(operation)) {
        expected()
        await this.#scheduler.step(process, `${label}: between the look and the act`)
      }
      if (fault === 'delayed') {
        this.#later(label, act)
        throw new StorageError('network', `no answer: ${label}`, { key })
      }
      const done = await act()
      if (fault === 'lost')
        throw new StorageError(this.#options.random.pick(['network', 'server']), `lost: ${label}`, {
          key,
        })
      return done
    }

    /** A request that changes nothing. */
    const look = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
      if (this.#fault() !== undefined) throw this.#refusal(key)
      return act()
    }

    return {
      guarantees,
      listsFolders,

      list: (range, { signal }) => this.#list(base, range, signal, arrive),

      head: async (key, { signal }) => {
        await arrive(`HEAD ${key}`, signal)
        return look(key, async () => {
          const info = await base.head(key, { signal })
          return info === undefined ? undefined : shown(info)
        })
      },

      read: async (key, options) => {
        const { signal } = options
        await arrive(`GET ${key}`, signal)
        return look(key, async () => {
          const { info, body } = await base.read(key, options)
          return { info: shown(info), body: this.#noisy(key, body) }
        })
      },

      write: async (key, source, options) => {
        const { signal, expect, metadata } = options
        const bytes = await collect(source, signal)
        await arrive(`PUT ${key}`, signal)
        const whole = sourceOf(bytes, source)
        const expected = (): void => {
          const version = this.memory.objects.get(key)?.version
          if (expect.kind === 'absent' ? version !== undefined : version !== expect.version)
            throw new StorageError('precondition-failed', `another version is there: ${key}`, {
              key,
            })
        }
        const operation = expect.kind === 'absent' ? 'create' : 'replace'
        const act = async (): Promise<ObjectInfo> => {
          const version = this.memory.objects.get(key)?.version
          const blind = checked.includes(operation)
          const info = await base.write(key, whole, {
            // The signal of the sender means nothing to a request that has left.
            signal: new AbortController().signal,
            metadata,
            expect: !blind
              ? expect
              : version === undefined
                ? { kind: 'absent' }
                : { kind: 'version', version },
          })
          this.versions.set(info.version, { key, sha256: info.digests.sha256 ?? '' })
          const { metadata: _, ...answered } = shown(info)
          return answered
        }
        return mutate(`PUT ${key}`, key, operation, act, expected)
      },

      remove: async (key, { signal, expect }) => {
        await arrive(`DELETE ${key}`, signal)
        const expected = (): void => {
          const version = this.memory.objects.get(key)?.version
          if (version === undefined)
            throw new StorageError('not-found', `no such object: ${key}`, { key })
          if (version !== expect)
            throw new StorageError('precondition-failed', `another version is there: ${key}`, {
              key,
            })
        }
        const act = (): Promise<void> => {
          const version = this.memory.objects.get(key)?.version
          return base.remove(key, {
            signal: new AbortController().signal,
            expect: checked.includes('remove') && version !== undefined ? version : expect,
          })
        }
        return mutate(`DELETE ${key}`, key, 'remove', act, expected)
      },

      async [Symbol.asyncDispose]() {},
    }
  }

  /** Each page shows the store as it is when the page is asked for. */
  async *#list(
    base: StorageProvider,
    range: Parameters<StorageProvider['list']>[0],
    signal: AbortSignal,
    arrive: (label: string, signal: AbortSignal) => Promise<void>,
  ): AsyncGenerator<readonly ObjectInfo[]> {
    let { after } = range
    for (;;) {
      await arrive(`LIST ${range.prefix} after ${after ?? 'the start'}`, signal)
      if (this.#fault() !== undefined) throw this.#refusal(range.prefix)
      let page: readonly ObjectInfo[] = []
      const rest = after === undefined ? range : { ...range, after }
      for await (const first of base.list(rest, { signal })) {
        page = first
        break
      }
      const last = page.at(-1)
      if (last === undefined) return
      const visible = this.#options.listsFolders
        ? page
        : page.filter(({ key, size }) => size > 0 || !key.endsWith('/'))
      yield visible.map((info) => this.#shown(info))
      if (page.length < this.#options.pageSize) return
      after = last.key
    }
  }

  async *#noisy(key: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { random } = this.#options
    const fault = this.#fault()
    for await (const chunk of body) {
      if (fault === undefined) yield chunk
      else if (fault === 'lost') {
        // A Buffer's slice would share the store's own memory.
        const flipped = Uint8Array.from(chunk)
        const at = random.below(flipped.length)
        flipped[at] = (flipped[at] ?? 0) ^ random.between(1, 255)
        yield flipped
      } else {
        yield chunk.slice(0, random.below(chunk.length + 1))
        throw new StorageError('network', `the body broke off: ${key}`, { key })
      }
    }
  }

  #shown(info: ObjectInfo): ObjectInfo {
    const { md5 } = info.digests
    const { vouches } = this.#options
    if (vouches === 'sha256') return info
    return { ...info, digests: vouches === 'md5' && md5 !== undefined ? { md5 } : {} }
  }

  #fault(): Fault | undefined {
    const { random, faults } = this.#options
    if (!this.unreliable || !random.chance(faults)) return undefined
    return random.pick(['before', 'lost', 'delayed'])
  }

  /** The request came to nothing, whether the answer says so or not. */
  #refusal(key: string): StorageError {
    const code = this.#options.random.pick<StorageErrorCode>([
      'network',
      'server',
      'busy',
      'throttled',
    ])
    return new StorageError(code, `${code}: ${key}`, {
      key,
      ...(code === 'throttled' ? { retryAfter: 20 } : {}),
    })
  }

  /** Carried out when nobody waits for it any more. */
  #later(label: string, act: () => Promise<unknown>): void {
    const wait = this.#options.random.below(300)
    this.#scheduler.spawn(async () => {
      if (wait > 50) await this.#scheduler.sleep(this.#self, wait)
      await this.#scheduler.step(this.#self, `late ${label}`)
      await act().catch((error: unknown) => {
        if (!(error instanceof StorageError)) throw error
      })
    })
  }
}

async function collect(source: ByteSource, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source.open(0, signal)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function sourceOf(bytes: Uint8Array, { size, digests }: ByteSource): ByteSource {
  return {
    size,
    digests,
    bytes,
    async *open(from) {
      yield bytes.subarray(from)
    },
  }
}
