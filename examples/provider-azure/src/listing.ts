import type { ContainerClient } from '@azure/storage-blob'
import {
  type CallOptions,
  compareKeys,
  type ListRange,
  type ObjectInfo,
} from '@lsync/core/provider'
import { translate } from './errors.ts'
import { infoOf } from './metadata.ts'

/** Characters whose order in UTF-16, in which Azure may sort, is not that of their UTF-8 bytes. */
const HIGH = /[\uD800-\uFFFF]/

export async function* listBlobs(
  container: ContainerClient,
  root: string,
  { prefix, after, before }: ListRange,
  { signal }: CallOptions,
): AsyncIterable<readonly ObjectInfo[]> {
  signal.throwIfAborted()
  const start = after !== undefined && !HIGH.test(after) ? { startFrom: root + after } : {}
  const pages = container
    .listBlobsFlat({ prefix: root + prefix, ...start, abortSignal: signal })
    .byPage({ maxPageSize: 1000 })
  let open: ObjectInfo[] = []
  try {
    for await (const { segment } of pages) {
      const ready: ObjectInfo[] = []
      for (const { name, properties } of segment.blobItems) {
        const info = infoOf(name.slice(root.length), properties.contentLength ?? 0, properties)
        if (after !== undefined && compareKeys(info.key, after) <= 0) continue
        if (before !== undefined && compareKeys(info.key, before) >= 0) continue
        open.push(info)
        // A key without such characters stands where it stands in both orders: all before it can be sorted and go.
        if (!HIGH.test(info.key)) ready.push(...open.splice(0).toSorted(byKey))
      }
      signal.throwIfAborted()
      if (ready.length > 0) yield ready
    }
  } catch (error) {
    throw translate(error, signal)
  }
  signal.throwIfAborted()
  if (open.length > 0) yield open.toSorted(byKey)
}

const byKey = (a: ObjectInfo, b: ObjectInfo): number => compareKeys(a.key, b.key)
