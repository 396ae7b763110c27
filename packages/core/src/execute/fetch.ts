import { createHash } from 'node:crypto'
import { DiskError, type DiskStat, type DiskWriter } from '../disk/disk.ts'
import type { RemoteEntry } from '../model/entry.ts'
import { type FileMetadata, readMetadata } from '../model/metadata.ts'
import type { ObjectInfo } from '../provider/index.ts'
import { hashFile, sha256Of } from '../scan/hash.ts'
import { STAGING } from '../state/layout.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { runPool } from './pool.ts'

/** Whole remote content in the staging folder, checked, not yet flushed. */
export interface Staged {
  readonly path: string
  /** As it lies there: what must be found again after it was moved into place. */
  readonly stat: DiskStat
  readonly info: ObjectInfo
  readonly file: FileMetadata
  readonly sha256: string
}

/** From this size on an object is read in several ranges at once. */
const RANGED = 32 * 1024 * 1024
const RANGE = 8 * 1024 * 1024
const RANGES_AT_ONCE = 4

/** Brings one version of an object into the staging folder. A body that does not match its digest is fetched once more. */
export async function fetch(
  effects: Effects,
  remote: RemoteEntry,
  signal: AbortSignal,
): Promise<Staged> {
  let before: string | undefined
  for (;;) {
    const staged = await fetchOnce(effects, remote, signal)
    const { digests } = staged.info
    const vouched = digests.sha256 ?? staged.file.sha256
    if (vouched === undefined || vouched === staged.sha256) return staged
    // Twice the same bytes: they are what is stored, and the digest in the metadata is an old one, left by another tool.
    if (digests.sha256 === undefined && before === staged.sha256) return staged
    await effects.disk.remove(staged.path)
    if (before !== undefined)
      throw new PathProblem('corrupt', `expected sha256 ${vouched}, received ${staged.sha256}`)
    before = staged.sha256
  }
}

async function fetchOnce(
  effects: Effects,
  remote: RemoteEntry,
  signal: AbortSignal,
): Promise<Staged> {
  const { disk, provider, world } = effects
  const path = `${STAGING}/${world.token()}`
  try {
    await using writer = await disk.create(path)
    const fetched =
      remote.size >= RANGED
        ? await fetchRanges(effects, remote, path, writer, signal)
        : await fetchWhole(effects, remote, writer, signal)
    if (fetched.file.link) throw new PathProblem('symbolic-link')
    await writer.setExecutable(fetched.file.executable)
    await writer.setModified(fetched.file.mtime ?? fetched.info.modified)
    return { path, stat: await writer.stat(), ...fetched }
  } catch (error) {
    // A full disk stays full while what was staged lies there.
    await disk.remove(path).catch((failure: unknown) => {
      if (!(failure instanceof DiskError)) throw failure
    })
    throw error
  }

  async function fetchWhole(
    { bandwidth, onEvent }: Effects,
    { key, version, size }: RemoteEntry,
    writer: DiskWriter,
    aborted: AbortSignal,
  ): Promise<Omit<Staged, 'path' | 'stat'>> {
    const { info, body } = await provider.read(key, { signal: aborted, version })
    let at = 0
    let sha256: string | undefined
    const hasher = createHash('sha256')
    for await (const chunk of body) {
      await bandwidth.down.take(chunk.length, aborted)
      await writer.write(chunk, at)
      at += chunk.length
      onEvent({ type: 'bytes', direction: 'down', bytes: chunk.length })
      // Small files arrive in one piece: one call instead of a hash object.
      if (at === size && chunk.length === size) sha256 = sha256Of(chunk)
      else hasher.update(chunk)
    }
    if (at !== info.size)
      throw new PathProblem('corrupt', `expected ${info.size} bytes, received ${at}`)
    return { info, file: readMetadata(info.metadata), sha256: sha256 ?? hasher.digest('hex') }
  }
}

async function fetchRanges(
  { disk, provider, bandwidth, onEvent }: Effects,
  { key, version, size }: RemoteEntry,
  path: string,
  writer: DiskWriter,
  signal: AbortSignal,
): Promise<Omit<Staged, 'path' | 'stat'>> {
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
  return { info, file: readMetadata(info.metadata), sha256 }
}
