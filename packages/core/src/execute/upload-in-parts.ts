import { isDeepStrictEqual } from 'node:util'
import { fingerprintOf } from '../decide/unchanged.ts'
import type { DiskFile } from '../disk/disk.ts'
import type { UploadAction } from '../model/plan.ts'
import { bytesOf } from '../model/ranges.ts'
import {
  type ByteRange,
  isStorageError,
  type ObjectInfo,
  type StorageErrorCode,
  type UploadOptions,
  type Uploads,
  type UploadSession,
} from '../provider/index.ts'
import { isOurs } from '../remote/lost-answer.ts'
import { hashRange } from '../scan/hash.ts'
import type { UploadRecord } from '../state/transfer-record.ts'
import { PathProblem } from './consequence.ts'
import { type HashedContent, knownContent, readContent } from './content-in-parts.ts'
import type { Effects } from './context.ts'
import { isStill } from './guard.ts'
import { runPool } from './pool.ts'
import { isSameUpload, isUntouched } from './same-transfer.ts'
import { Parts, type Sent, writeOptions } from './sending.ts'

const PARTS_AT_ONCE = 4
/** Milliseconds for giving up an upload, on top of a run that may be at its end. */
const FAREWELL = 5000

/** A file that is to be sent in parts, open, and what it is sent with. */
export interface LargeUpload {
  readonly effects: Effects
  readonly uploads: Uploads
  readonly action: UploadAction
  readonly file: DiskFile
  readonly signal: AbortSignal
}

/** An upload with the parts that are still to be sent. */
interface Begun {
  readonly session: UploadSession
  readonly record: UploadRecord
  readonly missing: readonly ByteRange[]
}

/**
 * Sends a large file in parts, and goes on where an earlier run stopped, if the file, the condition and the metadata are still the same. What is
 * begun is recorded before its first part, and stays for the next run unless nobody could use it.
 */
export async function uploadInParts(large: LargeUpload): Promise<Sent> {
  const { effects, uploads, action, signal } = large
  const kept = effects.transfers.upload(action.path)
  const content = await contentOf(large, kept)
  const { sha256 } = content
  const write = await writeOptions(effects, action, sha256, signal)
  const whole: UploadOptions = { ...write, size: action.from.stat.size, digests: { sha256 } }
  const sent = (info: ObjectInfo): Sent => ({ sha256, info, metadata: write.metadata })

  if (kept !== undefined && isSameUpload(kept, sha256, whole)) {
    try {
      const begun = await resume(large, kept, whole)
      if (begun !== undefined) return sent(await finish(large, content, begun))
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'upload-lost') throw error
      // It may be gone because it was finished, and we died before we knew.
      const now = await effects.provider.head(action.path, { signal })
      if (now !== undefined && isOurs(now, whole)) {
        await effects.transfers.remove(kept)
        return sent(now)
      }
    }
  }
  if (kept !== undefined) await giveUp(effects, uploads, kept)
  return sent(await finish(large, content, await begin(large, whole)))
}

/** As it was known before, where the file cannot have changed since. */
async function contentOf(
  { action: { from, sha256: known }, uploads, file, signal }: LargeUpload,
  kept: UploadRecord | undefined,
): Promise<HashedContent> {
  if (known !== undefined && fingerprintOf(from) !== undefined) return knownContent(known)
  if (kept !== undefined && isUntouched(kept, from)) return knownContent(kept.sha256)
  const content = await readContent(file, from.stat.size, uploads, signal)
  if (!isStill(await file.stat(), from)) throw new PathProblem('changing')
  return content
}

async function begin(
  { effects: { transfers }, uploads, action: { path, from } }: LargeUpload,
  whole: UploadOptions,
): Promise<Begun> {
  const { signal, size, expect, metadata, digests } = whole
  const session = await uploads.begin(path, whole)
  const local = fingerprintOf(from)
  // RACE: who dies before this leaves an upload that nobody knows; worst outcome: it stays on the store, empty, and `doctor` names it.
  const record = await transfers.beginUpload({
    path,
    size,
    sha256: digests.sha256 ?? '',
    ...(local === undefined ? {} : { local }),
    expect,
    metadata,
    token: session.token,
  })
  return { session, record, missing: await session.missing({ signal }) }
}

/**
 * The store says which parts it has, and they must be what would be sent now. `upload-lost` if it has forgotten the upload.
 * @returns undefined where it cannot be gone on with
 */
async function resume(
  { effects: { onEvent }, uploads, action: { from }, file }: LargeUpload,
  record: UploadRecord,
  { signal, ...begun }: UploadOptions,
): Promise<Begun | undefined> {
  const session = await uploads.resume(record.token, {
    signal,
    begun: { key: record.path, ...begun },
  })
  // A file that was touched may have been another one for a while, as long as a part was read.
  const untouched = isUntouched(record, from)
  if (!untouched && session.stored === undefined) return undefined
  const missing = await session.missing({ signal })
  const wrong: ByteRange[] = []
  for (const { range, digests } of (await session.stored?.({ signal })) ?? []) {
    const same =
      digests.sha256 === undefined
        ? untouched
        : digests.sha256 === (await hashRange(file, range, signal))
    if (!same) wrong.push(range)
  }
  if (wrong.length > 0 && !session.parallel) return undefined
  const again = [...missing, ...wrong].toSorted((a, b) => a.from - b.from)
  onEvent({ type: 'resumed', direction: 'up', bytes: record.size - bytesOf(again) })
  return { session, record, missing: again }
}

async function finish(
  { effects, action, file, signal }: LargeUpload,
  content: HashedContent,
  { session, record, missing }: Begun,
): Promise<ObjectInfo> {
  try {
    let noted = record.token
    let noting = Promise.resolve<unknown>(undefined)
    const atOnce = session.parallel ? PARTS_AT_ONCE : 1
    const parts = new Parts(effects, file, session.partSize)
    await runPool(missing, atOnce, signal, async (range, aborted) => {
      const digests = content.digestsOf(range)
      await parts.lend(range, digests, aborted, (source) =>
        session.put(range, source, { signal: aborted }),
      )
      if (isDeepStrictEqual(session.token, noted)) return
      noted = session.token
      // One after the other: a record is replaced by way of one file.
      noting = noting.then(() => effects.transfers.advanceUpload(record, noted))
      await noting
    })
    // The store checks each part against what we read; only the file itself can tell that all parts are of one version.
    if (!isStill(await file.stat(), action.from)) throw new PathProblem('changing')
    const info = await session.commit({ signal })
    await effects.transfers.remove(record)
    return info
  } catch (error) {
    if (isOver(error)) await abandon(effects, session, record)
    throw error
  }
}

const OVER: ReadonlySet<StorageErrorCode> = new Set([
  'precondition-failed',
  'not-found',
  'bad-digest',
  'bad-key',
  'key-conflict',
  'too-large',
  'unsupported',
  'refused',
])

/** True if nobody will go on with the upload: the file changed, or the place is taken. What is merely interrupted is kept. */
function isOver(error: unknown): boolean {
  return isStorageError(error) ? OVER.has(error.code) : error instanceof PathProblem
}

/** Ends an upload of ours that an earlier run began. Parts that nobody will use cost money until they are given up. */
export async function giveUp(
  effects: Pick<Effects, 'transfers'>,
  uploads: Uploads,
  record: UploadRecord,
): Promise<void> {
  const signal = AbortSignal.timeout(FAREWELL)
  try {
    await abandon(effects, await uploads.resume(record.token, { signal }), record)
  } catch (error) {
    if (isStorageError(error) && error.code === 'upload-lost')
      return effects.transfers.remove(record)
    if (!isStorageError(error) && !signal.aborted) throw error
  }
}

/** Where it fails, the record stays, so that a later run can do it. */
async function abandon(
  { transfers }: Pick<Effects, 'transfers'>,
  session: UploadSession,
  record: UploadRecord,
): Promise<void> {
  // Not the run's signal: it may be aborted already.
  const signal = AbortSignal.timeout(FAREWELL)
  try {
    await session.abort({ signal })
  } catch (error) {
    if (isStorageError(error) || signal.aborted) return
    throw error
  }
  await transfers.remove(record)
}
