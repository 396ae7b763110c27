import { fingerprintOf } from '../decide/unchanged.ts'
import type { DiskFile } from '../disk/disk.ts'
import type { LocalEntry } from '../model/entry.ts'
import { isFolderKey } from '../model/path.ts'
import type { UploadAction } from '../model/plan.ts'
import type { ByteSource, ObjectMetadata } from '../provider/index.ts'
import { hashFile, sha256Of, SMALL_FILE } from '../scan/hash.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { fileEntry, folderEntry } from './entries.ts'
import { isMoved, isStill } from './guard.ts'
import { heldSource, LARGEST_HELD, type Sent, sourceOf, writeOptions } from './sending.ts'
import { uploadInParts } from './upload-in-parts.ts'

/**
 * Sends one file or link under its condition and records it. What arrives is what was hashed, or nothing arrives.
 * @param isFlushed all that was in the file when it was looked at survives a power cut already
 */
export async function upload(
  effects: Effects,
  action: UploadAction,
  signal: AbortSignal,
  isFlushed = false,
): Promise<void> {
  if (action.from.type === 'folder') return uploadFolder(effects, action, signal)
  const { path, from } = action
  const sent = await (from.type === 'link' ? sendLink : sendFile)(effects, action, signal)
  const local = await withAgreedBit(effects, action)
  const outcome = {
    path,
    entry: fileEntry({
      local,
      size: from.stat.size,
      sha256: sent.sha256,
      executable: action.executable,
      link: from.type === 'link',
      remote: sent.info,
      metadata: sent.metadata,
    }),
  }
  // It was still what it was when it was looked at, as far as its times can tell; one that is too young for them may have been saved once more.
  if (isFlushed && local === from && fingerprintOf(from) !== undefined)
    effects.recorder.addFlushed(outcome)
  else effects.recorder.add(outcome, from.stat.inode)
}

/**
 * The executable bit may have been changed there while the content was changed here: what went up carries it, and so must the file, or it would
 * read as taken away here.
 */
export async function withAgreedBit(
  { disk, world }: Effects,
  { path, from, executable }: UploadAction,
): Promise<LocalEntry | undefined> {
  if (from.type !== 'file' || (from.stat.executable ?? executable) === executable) return from
  await disk.setExecutable(path, executable)
  const stat = await disk.stat(path)
  // Its ctime moved on by our hand.
  return stat !== undefined && isMoved(stat, from)
    ? { type: 'file', stat, seen: world.now() }
    : undefined
}

async function sendFile(
  effects: Effects,
  action: UploadAction,
  signal: AbortSignal,
): Promise<Sent> {
  const { path, from } = action
  await using file = await effects.disk.open(path)
  if (!isStill(await file.stat(), from)) throw new PathProblem('changing')
  const { uploads } = effects.provider
  if (uploads !== undefined && from.stat.size >= uploads.worthwhile)
    return await uploadInParts({ effects, uploads, action, file, signal })
  const { size } = from.stat
  if (size <= SMALL_FILE) return await sendSmall(effects, action, file, signal)
  return size <= LARGEST_HELD
    ? await sendHeld(effects, action, file, signal)
    : await sendStreamed(effects, action, file, signal)
}

/** Its target is its content. */
async function sendLink(
  effects: Effects,
  action: UploadAction,
  signal: AbortSignal,
): Promise<Sent> {
  const { path, from } = action
  const target = await effects.disk.readLink(path)
  if (!isStill(await effects.disk.stat(path), from)) throw new PathProblem('changing')
  return sendBytes(effects, action, target, signal)
}

async function sendSmall(
  effects: Effects,
  action: UploadAction,
  file: DiskFile,
  signal: AbortSignal,
): Promise<Sent> {
  const { up } = effects.arenas
  const bytes = up.take(action.from.stat.size)
  try {
    await readWhole(file, action, bytes)
  } catch (error) {
    up.giveBack(bytes)
    throw error
  }
  const sent = await sendBytes(effects, action, bytes, signal)
  // Only where it went well: something may still read there.
  up.giveBack(bytes)
  return sent
}

async function readWhole(file: DiskFile, { from }: UploadAction, bytes: Uint8Array): Promise<void> {
  // Read while somebody wrote: half of the old, half of the new is nobody's content.
  if ((await file.readInto(bytes, 0)) !== bytes.length || !isStill(await file.stat(), from))
    throw new PathProblem('changing')
}

async function sendBytes(
  effects: Effects,
  action: UploadAction,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Sent> {
  const sha256 = sha256Of(bytes)
  await effects.bandwidth.up.take(bytes.length, signal)
  const source: ByteSource = {
    size: bytes.length,
    digests: { sha256 },
    bytes,
    async *open(start) {
      yield bytes.subarray(start)
    },
  }
  const write = await writeOptions(effects, action, sha256, signal)
  const info = await effects.provider.write(action.path, source, write)
  effects.onEvent({ type: 'bytes', direction: 'up', bytes: bytes.length })
  return { sha256, info, metadata: write.metadata }
}

/** Read once, and hashed and sent from memory. */
async function sendHeld(
  effects: Effects,
  action: UploadAction,
  file: DiskFile,
  signal: AbortSignal,
): Promise<Sent> {
  return effects.uploadBuffers.lend(action.from.stat.size, signal, async (bytes) => {
    await readWhole(file, action, bytes)
    const sha256 = sha256Of(bytes)
    const write = await writeOptions(effects, action, sha256, signal)
    const source = heldSource(effects, bytes, { sha256 })
    const info = await effects.provider.write(action.path, source, write)
    return { sha256, info, metadata: write.metadata }
  })
}

async function sendStreamed(
  effects: Effects,
  action: UploadAction,
  file: DiskFile,
  signal: AbortSignal,
): Promise<Sent> {
  const { size } = action.from.stat
  const { sha256 } = await hashFile(file, size, [], signal)
  if (!isStill(await file.stat(), action.from)) throw new PathProblem('changing')
  const write = await writeOptions(effects, action, sha256, signal)
  const source = sourceOf(effects, file, { from: 0, to: size }, { sha256 })
  const info = await effects.provider.write(action.path, source, write)
  return { sha256, info, metadata: write.metadata }
}

const FOLDER_METADATA: ObjectMetadata = { user: {}, contentType: 'application/x-directory' }

async function uploadFolder(
  { provider, recorder }: Effects,
  { path, expect }: UploadAction,
  signal: AbortSignal,
): Promise<void> {
  if (!isFolderKey(path)) throw new TypeError(`a folder's key ends in a slash: ${path}`)
  const source: ByteSource = {
    size: 0,
    digests: {},
    bytes: new Uint8Array(),
    async *open() {},
  }
  const info = await provider.write(path, source, { signal, expect, metadata: FOLDER_METADATA })
  recorder.add({ path, entry: folderEntry(info) })
}
