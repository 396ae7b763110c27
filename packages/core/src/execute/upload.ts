import type { DiskFile } from '../disk/disk.ts'
import type { LocalEntry } from '../model/entry.ts'
import { writeMetadata } from '../model/metadata.ts'
import { isFolderKey } from '../model/path.ts'
import type { UploadAction } from '../model/plan.ts'
import type { ByteSource, ObjectInfo, ObjectMetadata, WriteOptions } from '../provider/index.ts'
import { hashFile, sha256Of, SMALL_FILE } from '../scan/hash.ts'
import { PathProblem } from './consequence.ts'
import { contentTypeOf } from './content-type.ts'
import type { Effects } from './context.ts'
import { fileEntry, folderEntry } from './entries.ts'
import { isMoved, isStill } from './guard.ts'
import { runPool } from './pool.ts'

const PARTS_AT_ONCE = 4

/** Sends one file or link under its condition and records it. What arrives is what was hashed, or nothing arrives. */
export async function upload(
  effects: Effects,
  action: UploadAction,
  signal: AbortSignal,
): Promise<void> {
  if (action.from.type === 'folder') return uploadFolder(effects, action, signal)
  const { path, from } = action
  const sent = await (from.type === 'link' ? sendLink : sendFile)(effects, action, signal)
  effects.recorder.add(
    {
      path,
      entry: fileEntry({
        local: await withAgreedBit(effects, action),
        size: from.stat.size,
        sha256: sent.sha256,
        executable: action.executable,
        link: from.type === 'link',
        remote: sent.info,
        metadata: sent.metadata,
      }),
    },
    from.stat.inode,
  )
}

/**
 * The executable bit may have been changed there while the content was changed here: what went up carries it, and so must the file, or it would
 * read as taken away here.
 */
async function withAgreedBit(
  { disk, world }: Effects,
  { path, from, executable }: UploadAction,
): Promise<LocalEntry | undefined> {
  if (from.type !== 'file' || from.stat.executable === executable) return from
  await disk.setExecutable(path, executable)
  const stat = await disk.stat(path)
  // Its ctime moved on by our hand.
  return stat !== undefined && isMoved(stat, from)
    ? { type: 'file', stat, seen: world.now() }
    : undefined
}

interface Sent {
  readonly sha256: string
  readonly info: ObjectInfo
  readonly metadata: ObjectMetadata
}

async function sendFile(
  effects: Effects,
  action: UploadAction,
  signal: AbortSignal,
): Promise<Sent> {
  const { path, from } = action
  await using file = await effects.disk.open(path)
  if (!isStill(await file.stat(), from)) throw new PathProblem('changing')
  return from.stat.size <= SMALL_FILE
    ? await sendSmall(effects, action, file, signal)
    : await sendLarge(effects, action, file, signal)
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
  const bytes = await file.readAll()
  // Read while somebody wrote: half of the old, half of the new is nobody's content.
  if (bytes.length !== action.from.stat.size || !isStill(await file.stat(), action.from))
    throw new PathProblem('changing')
  return sendBytes(effects, action, bytes, signal)
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
  const write = await options(effects, action, sha256, signal)
  const info = await effects.provider.write(action.path, source, write)
  effects.onEvent({ type: 'bytes', direction: 'up', bytes: bytes.length })
  return { sha256, info, metadata: write.metadata }
}

async function sendLarge(
  effects: Effects,
  action: UploadAction,
  file: DiskFile,
  signal: AbortSignal,
): Promise<Sent> {
  const { size } = action.from.stat
  const { sha256 } = await hashFile(file, size, [], signal)
  if (!isStill(await file.stat(), action.from)) throw new PathProblem('changing')
  const write = await options(effects, action, sha256, signal)
  const { uploads } = effects.provider
  const info =
    uploads !== undefined && size >= uploads.worthwhile
      ? await sendParts(effects, action, file, sha256, write)
      : await effects.provider.write(
          action.path,
          sourceOf(effects, file, 0, size, { sha256 }),
          write,
        )
  return { sha256, info, metadata: write.metadata }
}

async function sendParts(
  effects: Effects,
  action: UploadAction,
  file: DiskFile,
  sha256: string,
  write: WriteOptions,
): Promise<ObjectInfo> {
  const { uploads } = effects.provider
  if (uploads === undefined) throw new TypeError('no uploads in parts here')
  const { size } = action.from.stat
  const session = await uploads.begin(action.path, { ...write, size, digests: { sha256 } })
  try {
    const parts = await session.missing({ signal: write.signal })
    await runPool(
      parts,
      session.parallel ? PARTS_AT_ONCE : 1,
      write.signal,
      async (range, signal) => {
        await session.put(range, sourceOf(effects, file, range.from, range.to, {}), { signal })
      },
    )
    // The store checks each part against what we read; only the file itself can tell that all parts are of one version.
    if (!isStill(await file.stat(), action.from)) throw new PathProblem('changing')
    return await session.commit({ signal: write.signal })
  } catch (error) {
    // Not the run's signal: parts that nobody will use cost money until they are aborted.
    await session.abort({ signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    throw error
  }
}

/** Bytes of the open file; a retry reads them again from the same descriptor. */
function sourceOf(
  { bandwidth, onEvent }: Effects,
  file: DiskFile,
  from: number,
  to: number,
  digests: ByteSource['digests'],
): ByteSource {
  return {
    size: to - from,
    digests,
    async *open(start, signal) {
      for await (const chunk of file.read({ from: from + start, to }, signal)) {
        await bandwidth.up.take(chunk.length, signal)
        yield chunk
        onEvent({ type: 'bytes', direction: 'up', bytes: chunk.length })
      }
    },
  }
}

async function options(
  effects: Effects,
  action: UploadAction,
  sha256: string,
  signal: AbortSignal,
): Promise<WriteOptions> {
  const link = action.from.type === 'link'
  const contentType = link ? undefined : contentTypeOf(action.path)
  return {
    signal,
    expect: action.expect,
    metadata: writeMetadata(
      {
        mtime: action.from.stat.mtime,
        executable: action.executable,
        sha256,
        author: effects.author,
        link,
        ...(contentType === undefined ? {} : { contentType }),
      },
      await previousMetadata(effects, action, signal),
    ),
  }
}

/** What others set on the object that is overwritten. Asked for only where there may be something. */
async function previousMetadata(
  { provider }: Effects,
  { path, over, base }: UploadAction,
  signal: AbortSignal,
): Promise<ObjectMetadata | undefined> {
  if (over === undefined || over.metadata !== undefined) return over?.metadata
  if (base?.remote.version === over.version && base.remote.annotated !== true) return undefined
  return (await provider.head(path, { signal }))?.metadata
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
