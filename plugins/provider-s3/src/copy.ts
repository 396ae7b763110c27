import {
  type CallOptions,
  type ObjectInfo,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import type { Multipart, UploadName } from './multipart.ts'
import { partCountFor, partLength, partSizeFor } from './parts.ts'
import { headObject } from './reading.ts'
import { confirm, type UploadContext } from './uploads.ts'

const AT_ONCE = 4

/**
 * A copy on the server that keeps both conditions: CopyObject ignores the destination's on every server that was tried, but parts that are
 * copied from one version, and a conditional end, come to the same. In the parts of an upload, so that the ETag says the same as that of one.
 */
export function copyOf(
  context: UploadContext,
  writeEmpty: NonNullable<StorageProvider['write']>,
): NonNullable<StorageProvider['copy']> {
  const { multipart, requester, guarded } = context
  return async (from, to, options) => {
    const { size, metadata } = options
    if (size === 0) {
      const source = await headObject(requester, from.key, options)
      checkSource(from, source)
      return writeEmpty(to, EMPTY, options)
    }
    const name = await multipart.create(to, { metadata, checksums: false, signal: options.signal })
    try {
      const parts = await copyParts(multipart, name, { ...from, size }, options)
      const etag = await guarded(to, options, () => multipart.complete(name, parts, options))
      return (await confirm(requester, to, etag, options)).info
    } catch (error) {
      // Not the caller's signal: what nobody will use costs money until it is aborted. After an end whose answer was lost this does nothing.
      await multipart.abort(name, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
      throw error
    }
  }
}

const EMPTY = {
  size: 0,
  digests: {},
  bytes: new Uint8Array(),
  async *open() {},
}

function checkSource(
  { key, version }: { readonly key: string; readonly version: string },
  source: ObjectInfo | undefined,
): void {
  if (source === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
  if (source.version !== version)
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}

async function copyParts(
  multipart: Multipart,
  name: UploadName,
  { size, ...from }: { readonly key: string; readonly version: string; readonly size: number },
  { signal }: CallOptions,
): Promise<readonly { readonly number: number; readonly etag: string }[]> {
  const partSize = partSizeFor(size)
  const count = partCountFor(size)
  const parts: { number: number; etag: string }[] = []
  let next = 1
  const worker = async (): Promise<void> => {
    while (next <= count) {
      const number = next++
      const start = (number - 1) * partSize
      // Small sources may not be copied by range.
      const range = { from: start, to: start + partLength(size, number) }
      const source = count === 1 ? from : { ...from, range }
      try {
        const etag = await multipart.copyPart({ ...name, number }, source, { signal })
        parts.push({ number, etag })
      } catch (error) {
        next = count + 1
        throw error
      }
    }
  }
  // All of them end before the upload is given up: a part that comes after that may stay, unseen and paid for.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, count) }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return parts
}
