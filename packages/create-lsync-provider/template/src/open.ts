import { createHash, randomUUID } from 'node:crypto'
import {
  type ByteSource,
  compareKeys,
  type Expect,
  type ObjectInfo,
  type ObjectMetadata,
  type OpenOptions,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'

interface Stored {
  readonly bytes: Uint8Array
  readonly metadata: ObjectMetadata
  readonly modified: number
  readonly version: string
}

/** Stands in for your store: it forgets everything when the process ends. README.md says in which order to replace what uses it. */
const stores = new Map<string, Map<string, Stored>>()

export async function openStore(url: string, { signal }: OpenOptions): Promise<StorageProvider> {
  signal.throwIfAborted()
  const objects = stores.get(url) ?? new Map<string, Stored>()
  stores.set(url, objects)

  return {
    // How each write keeps its condition. Say `atomic` only where the store checks and acts in one step, whoever else is at work.
    guarantees: {
      create: 'atomic',
      replace: 'atomic',
      remove: 'atomic',
      commit: 'none', // of uploads in parts, which this provider does not offer
      copy: 'none', // nor copies
    },
    listsFolders: true,

    // Complete and in the order of the keys' UTF-8 bytes, or it throws: what a listing leaves out, lsync takes for removed.
    async *list({ prefix, after, before }, options) {
      const keys = [...objects.keys()]
        .filter(
          (key) =>
            key.startsWith(prefix) &&
            (after === undefined || compareKeys(key, after) > 0) &&
            (before === undefined || compareKeys(key, before) < 0),
        )
        .toSorted(compareKeys)
      for (let start = 0; start < keys.length; start += 1000) {
        options.signal.throwIfAborted()
        yield keys.slice(start, start + 1000).flatMap((key) => {
          const stored = objects.get(key)
          return stored === undefined ? [] : [infoOf(key, stored)]
        })
      }
      options.signal.throwIfAborted()
    },

    async head(key, options) {
      options.signal.throwIfAborted()
      const stored = objects.get(key)
      return stored === undefined ? undefined : withMetadata(key, stored)
    },

    // With `version` it is that one or nothing: a file is never put together from two.
    async read(key, { signal: stop, version, from = 0, length }) {
      stop.throwIfAborted()
      const stored = objects.get(key)
      if (stored === undefined) throw new StorageError('not-found', `there is no ${key}`, { key })
      if (version !== undefined && version !== stored.version) throw refused(key)
      const bytes = stored.bytes.subarray(from, length === undefined ? undefined : from + length)
      return { info: withMetadata(key, stored), body: bodyOf(bytes, stop) }
    },

    // All of it or nothing, and only if the condition holds in the very moment of the change.
    async write(key, source, { signal: stop, expect, metadata }) {
      const bytes = await bytesOf(key, source, stop)
      if (!holds(expect, objects.get(key))) throw refused(key)
      const stored = { bytes, metadata, modified: Date.now(), version: randomUUID() }
      objects.set(key, stored)
      return infoOf(key, stored)
    },

    async remove(key, { signal: stop, expect }) {
      stop.throwIfAborted()
      const stored = objects.get(key)
      if (stored === undefined) throw new StorageError('not-found', `there is no ${key}`, { key })
      if (stored.version !== expect) throw refused(key)
      objects.delete(key)
    },

    async [Symbol.asyncDispose]() {},
  }
}

/** As a listing shows it. The version tells one state of an object from every other; the fingerprint changes whenever content or metadata may have. */
function infoOf(key: string, { bytes, modified, version }: Stored): ObjectInfo {
  return { key, size: bytes.length, modified, version, fingerprint: version, digests: {} }
}

function withMetadata(key: string, stored: Stored): ObjectInfo {
  return { ...infoOf(key, stored), metadata: stored.metadata }
}

function holds(expect: Expect, stored: Stored | undefined): boolean {
  return expect.kind === 'absent' ? stored === undefined : stored?.version === expect.version
}

function refused(key: string): StorageError {
  return new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}

async function* bodyOf(bytes: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array> {
  signal.throwIfAborted()
  yield bytes
}

/** All bytes of the source, checked against what it announces: what was damaged on the way is not stored. */
async function bytesOf(key: string, source: ByteSource, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted()
  const chunks: Uint8Array[] = []
  for await (const chunk of source.open(0, signal)) chunks.push(chunk)
  signal.throwIfAborted()
  const bytes = Buffer.concat(chunks)
  const { sha256 = sha256Of(bytes) } = source.digests
  if (bytes.length !== source.size || sha256 !== sha256Of(bytes))
    throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
  return bytes
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
