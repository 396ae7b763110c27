import { createHash } from 'node:crypto'
import type { Disk, DiskWriter } from '../disk/disk.ts'
import type { RemoteEntry } from '../model/entry.ts'
import { firstFailure } from '../model/errors.ts'
import { type FileMetadata, readMetadata } from '../model/metadata.ts'
import type { ObjectInfo } from '../provider/index.ts'
import { hashRange, sha256Of, SMALL_FILE } from '../scan/hash.ts'
import { STAGING } from '../state/layout.ts'
import { PathProblem } from './consequence.ts'
import type { Content, Received, Staged } from './content.ts'
import type { Effects } from './context.ts'
import { fetchInRanges } from './fetch-in-ranges.ts'
import { gathered } from './gathered.ts'
import { startAside } from './hash-behind.ts'
import { removeStaged } from './staging.ts'

/** Brings one version of an object here. A body that does not match its digest is fetched once more. */
export async function fetch(
  effects: Effects,
  remote: RemoteEntry,
  signal: AbortSignal,
): Promise<Received | Staged> {
  let before: string | undefined
  for (;;) {
    const fetched = await fetchOnce(effects, remote, signal)
    const { digests } = fetched.info
    const vouched = digests.sha256 ?? fetched.file.sha256
    const resumed = 'path' in fetched && fetched.resumed === true
    if (vouched === undefined) {
      // A digest that is no sha256 may be none at all: what one run brought is believed, what two put together is fetched once more.
      if (!resumed || fetched.doubted !== true) return fetched
    } else if (vouched === fetched.sha256) return fetched
    // Twice the same bytes: they are what is stored, and the digest in the metadata is an old one, left by another tool.
    if (digests.sha256 === undefined && before === fetched.sha256) return fetched
    if ('path' in fetched) await discard(effects, fetched)
    else effects.arenas.down.giveBack(fetched.bytes)
    // What two runs put together says nothing about what is stored.
    if (resumed) continue
    if (before !== undefined)
      throw new PathProblem('corrupt', `expected sha256 ${vouched}, received ${fetched.sha256}`)
    before = fetched.sha256
  }
}

function fetchOnce(
  effects: Effects,
  remote: RemoteEntry,
  signal: AbortSignal,
): Promise<Received | Staged> {
  if (remote.size >= effects.ranged.from) return fetchInRanges(effects, remote, signal)
  return remote.size <= SMALL_FILE
    ? receive(effects, remote, signal)
    : staging(effects, (writer, path) => fetchWhole(effects, remote, writer, path, signal))
}

async function discard({ disk, transfers }: Effects, staged: Staged): Promise<void> {
  if (staged.transfer === undefined) await disk.remove(staged.path)
  else await transfers.remove(staged.transfer)
}

/** Puts what was received into the staging folder. */
export async function stage(effects: Effects, content: Received | Staged): Promise<Staged> {
  if ('path' in content) return content
  const { bytes, ...received } = content
  const staged = content.file.link
    ? await stageLink(effects, bytes, received)
    : await staging(effects, async (writer) => {
        await writer.write(bytes, 0)
        return received
      })
  effects.arenas.down.giveBack(bytes)
  return staged
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
    await removeStaged(disk, path)
    throw firstFailure(error)
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
  { provider, bandwidth, onEvent, symlinks, arenas }: Effects,
  { key, version, size }: RemoteEntry,
  signal: AbortSignal,
): Promise<Received> {
  const object = await provider.read(key, { signal, version, memory: arenas.down })
  const { info } = object
  const take = (length: number): Promise<void> => bandwidth.down.take(length, signal)
  if (object.bytes !== undefined) await take(object.bytes.length)
  const bytes = object.bytes ?? (await gather(object.body, arenas.down.take(size), take))
  if (bytes.length !== info.size || bytes.length !== size)
    throw otherSize(bytes.length === size ? info.size : size, bytes.length)
  onEvent({ type: 'bytes', direction: 'down', bytes: bytes.length })
  const file = readMetadata(info.metadata)
  if (file.link) {
    if (symlinks === 'skip') throw new PathProblem('symbolic-link')
    if (bytes.length === 0 || bytes.length > LONGEST_TARGET || bytes.includes(0))
      throw new PathProblem('link-target')
  }
  return { info, file, bytes, sha256: sha256Of(bytes) }
}

/** Of one that is read in pieces; one that goes on beyond the memory for it is not read to its end. */
async function gather(
  body: AsyncIterable<Uint8Array>,
  bytes: Uint8Array,
  take: (length: number) => Promise<void>,
): Promise<Uint8Array> {
  const size = bytes.length
  let at = 0
  for await (const chunk of body) {
    await take(chunk.length)
    if (at + chunk.length > size) throw otherSize(size, at + chunk.length)
    // Copied: a chunk may be a part of something much larger.
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes.subarray(0, at)
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

async function fetchWhole(
  { provider, disk, bandwidth, onEvent, arenas, worthAThread }: Effects,
  { key, version }: RemoteEntry,
  writer: DiskWriter,
  path: string,
  signal: AbortSignal,
): Promise<Content> {
  const { info, body } = await provider.read(key, { signal, version, memory: arenas.down })
  const arrived = async (bytes: number): Promise<void> => {
    await bandwidth.down.take(bytes, signal)
    onEvent({ type: 'bytes', direction: 'down', bytes })
  }
  const aside = worthAThread.isWorth(info.size) ? startAside(writer, info.size) : undefined
  try {
    const hasher = aside === undefined ? createHash('sha256') : undefined
    let at = 0
    for await (const piece of gathered(body, arrived, arenas.down)) {
      const written = writer.write(piece, at)
      at += piece.length
      hasher?.update(piece)
      await written
      aside?.reached(at)
    }
    if (at !== info.size) throw otherSize(info.size, at)
    const sha256 =
      hasher?.digest('hex') ?? (await aside?.digest()) ?? (await readBack(disk, path, at, signal))
    return { info, file: fileOf(info), sha256 }
  } finally {
    await aside?.stop()
  }
}

/** Where the thread could not: then this says why. */
async function readBack(
  disk: Disk,
  path: string,
  size: number,
  signal: AbortSignal,
): Promise<string> {
  await using file = await disk.open(path)
  return await hashRange(file, { from: 0, to: size }, signal)
}
