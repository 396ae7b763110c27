import { createHash } from 'node:crypto'
import { DiskError, type DiskStat, type DiskWriter } from '../disk/disk.ts'
import type { RemoteEntry } from '../model/entry.ts'
import { type FileMetadata, readMetadata } from '../model/metadata.ts'
import type { ObjectInfo } from '../provider/index.ts'
import { hashFile, sha256Of, SMALL_FILE } from '../scan/hash.ts'
import { STAGING } from '../state/layout.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { runPool } from './pool.ts'

/** Whole remote content, checked. */
interface Content {
  readonly info: ObjectInfo
  readonly file: FileMetadata
  readonly sha256: string
}

/**
 * In memory: a small file waits there until its batch is staged. To make a file while the disk is being flushed takes as long as the flush, and
 * nothing else would go on meanwhile.
 */
export interface Received extends Content {
  readonly bytes: Uint8Array
}

/** In the staging folder, not yet flushed. */
export interface Staged extends Content {
  readonly path: string
  /** As it lies there: what must be found again after it was moved into place. */
  readonly stat: DiskStat
}

/** From this size on an object is read in several ranges at once. */
const RANGED = 32 * 1024 * 1024
const RANGE = 8 * 1024 * 1024
const RANGES_AT_ONCE = 4

/** Brings one version of an object here. A body that does not match its digest is fetched once more. */
export async function fetch(
  effects: Effects,
  remote: RemoteEntry,
  signal: AbortSignal,
): Promise<Received | Staged> {
  let before: string | undefined
  for (;;) {
    const fetched =
      remote.size <= SMALL_FILE
        ? await receive(effects, remote, signal)
        : await fetchStaged(effects, remote, signal)
    const { digests } = fetched.info
    const vouched = digests.sha256 ?? fetched.file.sha256
    if (vouched === undefined || vouched === fetched.sha256) return fetched
    // Twice the same bytes: they are what is stored, and the digest in the metadata is an old one, left by another tool.
    if (digests.sha256 === undefined && before === fetched.sha256) return fetched
    if ('path' in fetched) await effects.disk.remove(fetched.path)
    if (before !== undefined)
      throw new PathProblem('corrupt', `expected sha256 ${vouched}, received ${fetched.sha256}`)
    before = fetched.sha256
  }
}

/** Puts what was received into the staging folder. */
export async function stage(effects: Effects, content: Received | Staged): Promise<Staged> {
  if ('path' in content) return content
  const { bytes, ...received } = content
  if (content.file.link) return stageLink(effects, bytes, received)
  return staging(effects, async (writer) => {
    await writer.write(bytes, 0)
    return received
  })
}

/** Makes a file of the staging folder; none stays where that fails. */
async function staging(
  { disk, world }: Effects,
  fill: (writer: DiskWriter, path: string) => Promise<Content>,
): Promise<Staged> {
  const path = `${STAGING}/${world.token()}`
  try {
    await using writer = await disk.create(path)
    const content = await fill(writer, path)
    if (content.file.executable) await writer.setExecutable(true)
    await writer.setModified(content.file.mtime ?? content.info.modified)
    return { path, stat: await writer.stat(), ...content }
  } catch (error) {
    // A full disk stays full while what was staged lies there.
    await disk.remove(path).catch((failure: unknown) => {
      if (!(failure instanceof DiskError)) throw failure
    })
    throw error
  }
}

async function stageLink(
  { disk, world }: Effects,
  target: Uint8Array,
  received: Content,
): Promise<Staged> {
  const path = `${STAGING}/${world.token()}`
  await disk.createLink(path, target)
  const stat = await disk.stat(path)
  if (stat?.kind !== 'link') throw new PathProblem('local-failed')
  return { path, stat, ...received }
}

async function receive(
  { provider, bandwidth, onEvent, symlinks }: Effects,
  { key, version, size }: RemoteEntry,
  signal: AbortSignal,
): Promise<Received> {
  const { info, body } = await provider.read(key, { signal, version })
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for await (const chunk of body) {
    await bandwidth.down.take(chunk.length, signal)
    if (at + chunk.length > size) throw otherSize(size, at + chunk.length)
    // Copied: a chunk may be a part of something much larger.
    bytes.set(chunk, at)
    at += chunk.length
    onEvent({ type: 'bytes', direction: 'down', bytes: chunk.length })
  }
  if (at !== info.size || at !== size) throw otherSize(info.size, at)
  const file = readMetadata(info.metadata)
  if (file.link) {
    if (symlinks === 'skip') throw new PathProblem('symbolic-link')
    if (bytes.length === 0 || bytes.length > LONGEST_TARGET || bytes.includes(0))
      throw new PathProblem('link-target')
  }
  return { info, file, bytes, sha256: sha256Of(bytes) }
}

/** The longest path that a system takes, in bytes (Linux; macOS takes 1,023). */
const LONGEST_TARGET = 4095

/** Of something far too large for a link. */
function fileOf(info: ObjectInfo): FileMetadata {
  const file = readMetadata(info.metadata)
  if (file.link) throw new PathProblem('link-target')
  return file
}

function otherSize(expected: number, received: number): PathProblem {
  return new PathProblem('corrupt', `expected ${expected} bytes, received ${received}`)
}

function fetchStaged(effects: Effects, remote: RemoteEntry, signal: AbortSignal): Promise<Staged> {
  return staging(effects, (writer, path) =>
    remote.size >= RANGED
      ? fetchRanges(effects, remote, path, writer, signal)
      : fetchWhole(effects, remote, writer, signal),
  )
}

async function fetchWhole(
  { provider, bandwidth, onEvent }: Effects,
  { key, version }: RemoteEntry,
  writer: DiskWriter,
  signal: AbortSignal,
): Promise<Content> {
  const { info, body } = await provider.read(key, { signal, version })
  const hasher = createHash('sha256')
  let at = 0
  for await (const chunk of body) {
    await bandwidth.down.take(chunk.length, signal)
    await writer.write(chunk, at)
    at += chunk.length
    onEvent({ type: 'bytes', direction: 'down', bytes: chunk.length })
    hasher.update(chunk)
  }
  if (at !== info.size) throw otherSize(info.size, at)
  return { info, file: fileOf(info), sha256: hasher.digest('hex') }
}

async function fetchRanges(
  { disk, provider, bandwidth, onEvent }: Effects,
  { key, version, size }: RemoteEntry,
  path: string,
  writer: DiskWriter,
  signal: AbortSignal,
): Promise<Content> {
  const starts = Array.from({ length: Math.ceil(size / RANGE) }, (_, index) => index * RANGE)
  let info: ObjectInfo | undefined
  await runPool(starts, RANGES_AT_ONCE, signal, async (from, aborted) => {
    const length = Math.min(RANGE, size - from)
    const part = await provider.read(key, { signal: aborted, version, from, length })
    info ??= part.info
    let at = from
    for await (const chunk of part.body) {
      await bandwidth.down.take(chunk.length, aborted)
      await writer.write(chunk, at)
      at += chunk.length
      onEvent({ type: 'bytes', direction: 'down', bytes: chunk.length })
    }
    if (at !== from + length) throw new PathProblem('corrupt', `a range of ${key} ended early`)
  })
  if (info === undefined) throw new PathProblem('corrupt')
  // Read back from the disk: the ranges arrived in any order, and this proves what is on the disk, not what was received.
  await using file = await disk.open(path)
  const { sha256 } = await hashFile(file, size, [], signal)
  return { info, file: fileOf(info), sha256 }
}
