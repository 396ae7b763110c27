import { StorageError } from './errors.ts'
import { collect, digestOf, type MemoryObjects } from './memory-objects.ts'
import type { Expect, ObjectInfo, ObjectMetadata } from './object.ts'
import type { ByteRange, Uploads, UploadSession, UploadToken } from './provider.ts'

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

/** Uploads in parts to a store in memory, known to all of its clients. `partSize` in bytes. */
export function memoryUploads(
  objects: MemoryObjects,
  partSize: number,
  now: () => number,
): Uploads {
  const uploads = new Map<string, Upload>()
  let uploadIds = 0

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
        objects.check(upload.key, upload.expect)
        upload.committed = objects.store(upload.key, whole, upload.metadata)
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
    worthwhile: partSize * 2,
    crc32PartSize: () => partSize,
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
  }
}
