import { comparable, sameContent } from '../decide/evidence.ts'
import { DiskError, type DiskWriter } from '../disk/disk.ts'
import type { RemoteEntry } from '../model/entry.ts'
import { readMetadata } from '../model/metadata.ts'
import { bytesOf, missingRanges } from '../model/ranges.ts'
import { isStorageError, type ObjectInfo, StorageError } from '../provider/index.ts'
import { hashFile } from '../scan/hash.ts'
import type { DownloadRecord } from '../state/transfers.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import type { Staged } from './fetch.ts'
import { Notes } from './notes.ts'
import { runPool } from './pool.ts'
import { isSameDownload } from './same-transfer.ts'

const RANGES_AT_ONCE = 4

/**
 * Reads a large object in ranges, several at once, and goes on with what an earlier run brought of the same version. Every range is
 * pinned to the version; of what lies there, only what a flush had confirmed is believed.
 */
export async function fetchInRanges(
  effects: Effects,
  remote: RemoteEntry,
  signal: AbortSignal,
): Promise<Staged> {
  const { disk, transfers, onEvent } = effects
  const { key, version, size } = remote
  const kept = await usable(effects, remote)
  const record = kept ?? (await transfers.beginDownload({ key, version, size }))
  const path = transfers.partOf(record)
  try {
    if (kept !== undefined) {
      await transfers.continueDownload(kept)
      onEvent({ type: 'resumed', direction: 'down', bytes: bytesOf(kept.whole) })
    }
    await using writer = await (kept === undefined ? disk.create(path) : disk.reopen(path))
    const info = await fill(effects, record, writer, signal)
    // Read back: the ranges came in any order, and this proves what is on the disk, not what was received.
    await using file = await disk.open(path)
    const metadata = readMetadata(info.metadata)
    // Far too large for one.
    if (metadata.link) throw new PathProblem('link-target')
    const vouched = info.digests.sha256 ?? metadata.sha256
    const also = vouched === undefined ? comparable(info.digests) : []
    const digests = await hashFile(file, size, also, signal)
    await writer.setExecutable(metadata.executable)
    await writer.setModified(metadata.mtime ?? info.modified)
    return {
      path,
      stat: await writer.stat(),
      info,
      file: metadata,
      sha256: digests.sha256,
      transfer: record,
      resumed: kept !== undefined && kept.whole.length > 0,
      doubted: also.length > 0 && sameContent(digests, info.digests) !== true,
    }
  } catch (error) {
    if (isUseless(error)) await transfers.remove(record)
    throw error
  }
}

/** What an earlier run brought of this very version; anything else of this key is removed. */
async function usable(
  { disk, transfers }: Effects,
  remote: RemoteEntry,
): Promise<DownloadRecord | undefined> {
  const { key, size } = remote
  for (let kept = transfers.download(key); kept !== undefined; kept = transfers.download(key)) {
    const part = await disk.stat(transfers.partOf(kept))
    const end = kept.whole.at(-1)?.to ?? 0
    if (
      isSameDownload(kept, remote) &&
      part?.kind === 'file' &&
      part.size >= end &&
      part.size <= size
    )
      return kept
    await transfers.remove(kept)
  }
  return undefined
}

/** Brings what is missing; what came is noted, also when it fails. */
async function fill(
  effects: Effects,
  record: DownloadRecord,
  writer: DiskWriter,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const { provider, bandwidth, onEvent, ranged } = effects
  const { key, version, size } = record
  const notes = new Notes(effects, record)
  let info: ObjectInfo | undefined
  try {
    const missing = missingRanges(size, record.whole, ranged.range)
    await runPool(missing, RANGES_AT_ONCE, signal, async ({ from, to }, aborted) => {
      const part = await provider.read(key, { signal: aborted, version, from, length: to - from })
      info ??= part.info
      let at = from
      for await (const chunk of part.body) {
        await bandwidth.down.take(chunk.length, aborted)
        await writer.write(chunk, at)
        at += chunk.length
        await notes.wrote(from, at)
        onEvent({ type: 'bytes', direction: 'down', bytes: chunk.length })
      }
      if (at !== to) throw new PathProblem('corrupt', `a range of ${key} has another length`)
    })
  } finally {
    await notes.settle()
  }
  // All was here already.
  info ??= await provider.head(key, { signal })
  if (info === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
  if (info.version !== version || info.size !== size)
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
  return info
}

/** Nobody will go on with it: the object moved on, or what came is not what it should be. And a full disk stays full while it lies there. */
function isUseless(error: unknown): boolean {
  if (error instanceof DiskError) return error.code === 'no-space'
  if (isStorageError(error))
    return error.code === 'precondition-failed' || error.code === 'not-found'
  return error instanceof PathProblem
}
