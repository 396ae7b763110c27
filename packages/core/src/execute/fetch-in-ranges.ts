import { comparable, sameContent } from '../decide/evidence.ts'
import { type Disk, DiskError, type DiskFile, type DiskWriter } from '../disk/disk.ts'
import type { RemoteEntry } from '../model/entry.ts'
import { firstFailure } from '../model/errors.ts'
import { type FileMetadata, readMetadata } from '../model/metadata.ts'
import { bytesOf, GrowingRanges, missingRanges } from '../model/ranges.ts'
import {
  type ByteRange,
  type DigestAlgorithm,
  type Digests,
  isStorageError,
  type ObjectInfo,
  StorageError,
} from '../provider/index.ts'
import type { DownloadRecord } from '../state/transfer-record.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import type { Staged } from './content.ts'
import { gathered } from './gathered.ts'
import { type HashBehind, hashBehind } from './hash-behind.ts'
import { Notes } from './notes.ts'
import { runPool } from './pool.ts'
import { isSameDownload } from './same-transfer.ts'

const RANGES_AT_ONCE = 4
const RANGES = 64
const LONGEST_RANGE = 32 * 1024 * 1024

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
  const record = kept?.record ?? (await transfers.beginDownload({ key, version, size }))
  const path = transfers.partOf(record)
  try {
    await using writer = kept?.writer ?? (await disk.create(path))
    if (kept !== undefined) {
      await transfers.continueDownload(record)
      onEvent({ type: 'resumed', direction: 'down', bytes: bytesOf(record.whole) })
    }
    await using file = await disk.open(path)
    const { info, metadata, digests, also } = await fill(effects, record, writer, file, signal)
    await writer.setExecutable(metadata.executable)
    await writer.setModified(metadata.mtime ?? info.modified)
    return {
      path,
      stat: await writer.stat(),
      info,
      file: metadata,
      sha256: digests.sha256,
      transfer: record,
      resumed: kept !== undefined && kept.record.whole.length > 0,
      doubted: also.length > 0 && sameContent(digests, info.digests) !== true,
    }
  } catch (error) {
    if (isUseless(error)) await transfers.remove(record)
    throw error
  }
}

/** What an earlier run brought, open to go on with it. */
interface Kept {
  readonly record: DownloadRecord
  readonly writer: DiskWriter
}

/** What an earlier run brought of this very version; anything else of this key is removed. */
async function usable(
  { disk, transfers }: Effects,
  remote: RemoteEntry,
): Promise<Kept | undefined> {
  const { key, size } = remote
  for (let record = transfers.download(key); record; record = transfers.download(key)) {
    const path = transfers.partOf(record)
    const part = await disk.stat(path)
    const end = record.whole.at(-1)?.to ?? 0
    if (
      isSameDownload(record, remote) &&
      part?.kind === 'file' &&
      part.size >= end &&
      part.size <= size
    ) {
      const writer = await reopened(disk, path)
      if (writer !== undefined) return { record, writer }
    }
    await transfers.remove(record)
  }
  return undefined
}

/** Undefined if a run that died has placed it already, and only its name here is left: it is the person's file now. */
async function reopened(disk: Disk, path: string): Promise<DiskWriter | undefined> {
  try {
    return await disk.reopen(path)
  } catch (error) {
    if (error instanceof DiskError && error.code === 'exists') return undefined
    throw error
  }
}

/** What the first answer told of the object. */
interface Begun {
  readonly info: ObjectInfo
  readonly metadata: FileMetadata
  /** Digests that are compared where the store gives no sha256. */
  readonly also: readonly DigestAlgorithm[]
  readonly behind: HashBehind
}

interface Filled extends Begun {
  readonly digests: Digests & { readonly sha256: string }
}

/** Brings what is missing; what came is noted, also when it fails. What is on the disk is read back meanwhile for its digest. */
async function fill(
  effects: Effects,
  record: DownloadRecord,
  writer: DiskWriter,
  file: DiskFile,
  signal: AbortSignal,
): Promise<Filled> {
  const { provider, bandwidth, onEvent, ranged, rangeSlots, arenas } = effects
  const { key, version, size } = record
  const written = new GrowingRanges(record.whole)
  const notes = new Notes(effects, record, writer, written)
  let begun: Begun | undefined
  try {
    const missing = missingRanges(size, record.whole, rangeOf(size, ranged.range))
    const fetchRange = async ({ from, to }: ByteRange, aborted: AbortSignal): Promise<void> => {
      const options = { signal: aborted, version, from, length: to - from, memory: arenas.down }
      const part = await provider.read(key, options)
      begun ??= begin(effects, record, part.info, file)
      const arrived = async (bytes: number): Promise<void> => {
        await bandwidth.down.take(bytes, aborted)
        onEvent({ type: 'bytes', direction: 'down', bytes })
      }
      let at = from
      for await (const piece of gathered(part.body, arrived, arenas.down)) {
        await writer.write(piece, at)
        at += piece.length
        written.grow(from, at)
        begun.behind.reached(written.front)
        await notes.wrote(piece.length)
      }
      if (at !== to) throw new PathProblem('corrupt', `a range of ${key} has another length`)
    }
    await runPool(missing, RANGES_AT_ONCE, signal, (range, aborted) =>
      rangeSlots.run(aborted, () => fetchRange(range, aborted)),
    )
    // All was here already.
    begun ??= begin(effects, record, await provider.head(key, { signal }), file)
    begun.behind.reached(size)
    const [digests] = await Promise.all([begun.behind.digest(signal), notes.settle()])
    return { ...begun, digests }
  } finally {
    await begun?.behind.stop()
    await notes.settle()
  }
}

function begin(
  { worthAThread }: Effects,
  { key, version, size }: DownloadRecord,
  info: ObjectInfo | undefined,
  file: DiskFile,
): Begun {
  if (info === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
  if (info.version !== version || info.size !== size)
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
  const metadata = readMetadata(info.metadata)
  // Far too large for one.
  if (metadata.link) throw new PathProblem('link-target')
  const vouched = info.digests.sha256 ?? metadata.sha256
  const also = vouched === undefined ? comparable(info.digests) : []
  return { info, metadata, also, behind: hashBehind(file, size, also, worthAThread) }
}

/** Each range costs the store a search for where it begins; all of them together shall keep the line busy to the end. */
function rangeOf(size: number, least: number): number {
  return Math.max(least, Math.min(Math.ceil(size / RANGES), LONGEST_RANGE))
}

/** Nobody will go on with it: the object moved on, or what came is not what it should be. And a full disk stays full while it lies there. */
function isUseless(thrown: unknown): boolean {
  const error = firstFailure(thrown)
  if (error instanceof DiskError) return error.code === 'no-space' || error.code === 'too-large'
  if (isStorageError(error))
    return error.code === 'precondition-failed' || error.code === 'not-found'
  return error instanceof PathProblem
}
