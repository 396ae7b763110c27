import { StorageError } from './errors.ts'
import { collect, type MemoryObject, MemoryObjects } from './memory-objects.ts'
import { memoryUploads } from './memory-uploads.ts'
import { compareKeys } from './order.ts'
import { CONTRACT_VERSION, type ProviderModule, type StorageProvider } from './provider.ts'

/** One store in memory that several clients can open: the contract in its plainest form, and the reference for its suite. */
export interface MemoryStore {
  /** A provider of its own for each client. */
  open(): StorageProvider
  /** What is stored, for tests to look at. */
  readonly objects: ReadonlyMap<string, MemoryObject>
}

export interface MemoryOptions {
  readonly now?: () => number
  /** Keys in a page of a listing. */
  readonly pageSize?: number
  /** Bytes in a part of an upload. */
  readonly partSize?: number
  /** Keeps every version of every object. */
  readonly history?: boolean
}

export function memoryStore(options: MemoryOptions = {}): MemoryStore {
  const { now = Date.now, pageSize = 1000, partSize = 1024 } = options
  const keepsVersions = options.history === true
  const objects = new MemoryObjects(now, keepsVersions)
  const uploads = memoryUploads(objects, partSize, now)

  return {
    objects: objects.present,
    open: () => ({
      guarantees: {
        create: 'atomic',
        replace: 'atomic',
        remove: 'atomic',
        commit: 'atomic',
        copy: 'atomic',
      },
      listsFolders: true,

      async *list({ prefix, after, before }, { signal }) {
        const keys = [...objects.present.keys()]
          .filter(
            (key) =>
              key.startsWith(prefix) &&
              (after === undefined || compareKeys(key, after) > 0) &&
              (before === undefined || compareKeys(key, before) < 0),
          )
          .toSorted(compareKeys)
        for (let start = 0; start < keys.length; start += pageSize) {
          signal.throwIfAborted()
          yield keys.slice(start, start + pageSize).flatMap((key) => {
            const object = objects.present.get(key)
            if (object === undefined) return []
            const { metadata: _, ...listed } = objects.infoOf(key, object)
            return [listed]
          })
        }
        signal.throwIfAborted()
      },

      async head(key, { signal }) {
        signal.throwIfAborted()
        const object = objects.present.get(key)
        return object === undefined ? undefined : objects.infoOf(key, object)
      },

      async read(key, { signal, version, from = 0, length = Number.POSITIVE_INFINITY }) {
        signal.throwIfAborted()
        const object = objects.present.get(key)
        if (object === undefined)
          throw new StorageError('not-found', `no such object: ${key}`, { key })
        if (version !== undefined && version !== object.version)
          throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
        async function* body(bytes: Uint8Array): AsyncIterable<Uint8Array> {
          signal.throwIfAborted()
          if (bytes.length > 0) yield bytes
        }
        return {
          info: objects.infoOf(key, object),
          body: body(object.bytes.subarray(from, from + length)),
        }
      },

      async write(key, source, { signal, expect, metadata }) {
        const bytes = await collect(key, source, signal)
        objects.check(key, expect)
        return objects.store(key, bytes, metadata)
      },

      async remove(key, { signal, expect }) {
        signal.throwIfAborted()
        if (!objects.present.has(key))
          throw new StorageError('not-found', `no such object: ${key}`, { key })
        objects.check(key, { kind: 'version', version: expect })
        objects.present.delete(key)
      },

      copyWorthwhile: 1,
      async copy(from, to, { signal, expect, metadata }) {
        signal.throwIfAborted()
        const source = objects.present.get(from.key)
        if (source === undefined)
          throw new StorageError('not-found', `no such object: ${from.key}`, { key: from.key })
        objects.check(from.key, { kind: 'version', version: from.version })
        objects.check(to, expect)
        return objects.store(to, source.bytes, metadata)
      },

      uploads,

      ...(keepsVersions
        ? {
            history: {
              async read(key, { signal, version }) {
                signal.throwIfAborted()
                const object = objects.kept(key, version)
                if (object === undefined)
                  throw new StorageError('not-found', `no such version: ${key}`, { key })
                async function* body(bytes: Uint8Array): AsyncIterable<Uint8Array> {
                  yield bytes
                }
                return { info: objects.infoOf(key, object), body: body(object.bytes) }
              },
            },
          }
        : {}),

      async [Symbol.asyncDispose]() {},
    }),
  }
}

/** A scheme for stores in memory, for tests of what stands above: `memory://NAME`, a store for each name. */
export function memoryModule(stores: Readonly<Record<string, MemoryStore>>): ProviderModule {
  return {
    contract: CONTRACT_VERSION,
    scheme: 'memory',
    settings: {},
    normalize: (url) => url,
    overlaps: (a, b) => a === b,
    async open(url) {
      const store = stores[url.slice('memory://'.length)]
      if (store === undefined) throw new StorageError('no-remote', `there is no ${url}`)
      return store.open()
    },
  }
}
