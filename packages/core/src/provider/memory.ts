import { createHash } from 'node:crypto'
import { StorageError } from './errors.ts'
import { compareKeys } from './order.ts'
import {
  type ByteRange,
  type ByteSource,
  CONTRACT_VERSION,
  type Expect,
  type ObjectInfo,
  type ObjectMetadata,
  type ProviderModule,
  type StorageProvider,
  type UploadSession,
  type UploadToken,
} from './provider.ts'

/** One store in memory that several clients can open: the contract in its plainest form, and the reference for its suite. */
export interface MemoryStore {
  /** A provider of its own for each client. */
  open(): StorageProvider
  /** What is stored, for tests to look at. */
  readonly objects: ReadonlyMap<string, MemoryObject>
}

export interface MemoryObject {
  readonly bytes: Uint8Array
  readonly metadata: ObjectMetadata
  readonly modified: number
  readonly version: string
  readonly sha256: string
  readonly md5: string
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

interface Upload {
  readonly key: string
  readonly size: number
  readonly expect: Expect
  readonly metadata: ObjectMetadata
  readonly begun: number
  readonly parts: Map<number, Uint8Array>
  /** Once committed, its answer: a commit whose answer was lost may be asked for again. */
  committed?: ObjectInfo
}

export function memoryStore(options: MemoryOptions = {}): MemoryStore {
  const { now = Date.now, pageSize = 1000, partSize = 1024 } = options
  const objects = new Map<string, MemoryObject>()
  const kept = options.history === true ? new Map<string, MemoryObject>() : undefined
  const infoOf = (key: string, object: MemoryObject): ObjectInfo => ({
    ...describe(key, object),
    ...(kept === undefined ? {} : { historyId: object.version }),
  })
  const uploads = new Map<string, Upload>()
  let versions = 0
  let uploadIds = 0

  const check = (key: string, expect: Expect): void => {
    const version = objects.get(key)?.version
    const holds = expect.kind === 'absent' ? version === undefined : version === expect.version
    if (!holds)
      throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
  }
  const store = (key: string, bytes: Uint8Array, metadata: ObjectMetadata): ObjectInfo => {
    const object: MemoryObject = {
      bytes,
      metadata,
      modified: now(),
      version: `v${++versions}`,
      sha256: digestOf('sha256', bytes),
      md5: digestOf('md5', bytes),
    }
    objects.set(key, object)
    kept?.set(`${object.version} ${key}`, object)
    return infoOf(key, object)
  }
  const session = (id: string, upload: Upload): UploadSession => {
    const open = (): Upload => {
      if (!uploads.has(id))
        throw new StorageError('upload-lost', `no such upload: ${upload.key}`, { key: upload.key })
      return upload
    }
    return {
      token: { id },
      partSize,
      parallel: true,
      async missing({ signal }) {
        signal.throwIfAborted()
        const ranges: ByteRange[] = []
        for (let from = 0; from < upload.size; from += partSize)
          if (!open().parts.has(from))
            ranges.push({ from, to: Math.min(from + partSize, upload.size) })
        return ranges
      },
      async stored({ signal }) {
        signal.throwIfAborted()
        return [...open().parts].map(([from, bytes]) => ({
          range: { from, to: from + bytes.length },
          digests: { sha256: digestOf('sha256', bytes) },
        }))
      },
      async put({ from, to }, source, { signal }) {
        const bytes = await collect(upload.key, source, signal)
        if (bytes.length !== to - from)
          throw new StorageError(
            'bad-digest',
            `a part has ${bytes.length} bytes, not ${to - from}`,
            { key: upload.key },
          )
        open().parts.set(from, bytes)
      },
      async commit({ signal }) {
        signal.throwIfAborted()
        if (upload.committed !== undefined) return upload.committed
        const parts = [...open().parts].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes)
        const whole = Buffer.concat(parts)
        if (whole.length !== upload.size)
          throw new StorageError('bad-digest', `parts are missing: ${upload.key}`, {
            key: upload.key,
          })
        check(upload.key, upload.expect)
        upload.committed = store(upload.key, whole, upload.metadata)
        uploads.delete(id)
        return upload.committed
      },
      async abort({ signal }) {
        signal.throwIfAborted()
        uploads.delete(id)
      },
    }
  }

  return {
    objects,
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
        const keys = [...objects.keys()]
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
            const object = objects.get(key)
            if (object === undefined) return []
            const { metadata: _, ...listed } = infoOf(key, object)
            return [listed]
          })
        }
        signal.throwIfAborted()
      },

      async head(key, { signal }) {
        signal.throwIfAborted()
        const object = objects.get(key)
        return object === undefined ? undefined : infoOf(key, object)
      },

      async read(key, { signal, version, from = 0, length = Number.POSITIVE_INFINITY }) {
        signal.throwIfAborted()
        const object = objects.get(key)
        if (object === undefined)
          throw new StorageError('not-found', `no such object: ${key}`, { key })
        if (version !== undefined && version !== object.version)
          throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
        async function* body(bytes: Uint8Array): AsyncIterable<Uint8Array> {
          signal.throwIfAborted()
          if (bytes.length > 0) yield bytes
        }
        return { info: infoOf(key, object), body: body(object.bytes.subarray(from, from + length)) }
      },

      async write(key, source, { signal, expect, metadata }) {
        const bytes = await collect(key, source, signal)
        check(key, expect)
        return store(key, bytes, metadata)
      },

      async remove(key, { signal, expect }) {
        signal.throwIfAborted()
        if (!objects.has(key))
          throw new StorageError('not-found', `no such object: ${key}`, { key })
        check(key, { kind: 'version', version: expect })
        objects.delete(key)
      },

      copyWorthwhile: 1,
      async copy(from, to, { signal, expect, metadata }) {
        signal.throwIfAborted()
        const source = objects.get(from.key)
        if (source === undefined)
          throw new StorageError('not-found', `no such object: ${from.key}`, { key: from.key })
        check(from.key, { kind: 'version', version: from.version })
        check(to, expect)
        return store(to, source.bytes, metadata)
      },

      uploads: {
        worthwhile: partSize * 2,
        async begin(key, { signal, size, expect, metadata }) {
          signal.throwIfAborted()
          const id = `u${++uploadIds}`
          const upload: Upload = { key, size, expect, metadata, begun: now(), parts: new Map() }
          uploads.set(id, upload)
          return session(id, upload)
        },
        async resume(token: UploadToken, { signal }) {
          signal.throwIfAborted()
          const id = String(token['id'])
          const upload = uploads.get(id)
          if (upload === undefined) throw new StorageError('upload-lost', 'no such upload')
          return session(id, upload)
        },
        async *listPending({ signal }) {
          for (const [id, { key, begun }] of uploads) {
            signal.throwIfAborted()
            yield { key, token: { id }, begun }
          }
        },
      },

      ...(kept === undefined
        ? {}
        : {
            history: {
              async read(key, { signal, version }) {
                signal.throwIfAborted()
                const object = kept.get(`${version} ${key}`)
                if (object === undefined)
                  throw new StorageError('not-found', `no such version: ${key}`, { key })
                async function* body(bytes: Uint8Array): AsyncIterable<Uint8Array> {
                  yield bytes
                }
                return { info: infoOf(key, object), body: body(object.bytes) }
              },
            },
          }),

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

function describe(
  key: string,
  { bytes, metadata, modified, version, sha256, md5 }: MemoryObject,
): ObjectInfo {
  return {
    key,
    size: bytes.length,
    modified,
    version,
    fingerprint: version,
    digests: { sha256, md5 },
    metadata,
  }
}

function digestOf(algorithm: 'sha256' | 'md5', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

/** All bytes of the source, checked against what it announces. */
async function collect(key: string, source: ByteSource, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted()
  const chunks: Uint8Array[] = []
  for await (const chunk of source.open(0, signal)) chunks.push(chunk)
  signal.throwIfAborted()
  const bytes = Buffer.concat(chunks)
  for (const algorithm of ['sha256', 'md5'] as const) {
    const expected = source.digests[algorithm]
    if (
      bytes.length !== source.size ||
      (expected !== undefined && expected !== digestOf(algorithm, bytes))
    )
      throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
  }
  return bytes
}
