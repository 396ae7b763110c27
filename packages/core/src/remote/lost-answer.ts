import {
  type Expect,
  isAmbiguous,
  isStorageError,
  isTemporary,
  type ObjectInfo,
  StorageError,
  type UploadOptions,
} from '../provider/index.ts'

/** A write as it was asked for: what is to stand there after it, and what must have stood there before. */
export interface Write extends Omit<UploadOptions, 'signal'> {
  readonly key: string
}

/** What it takes to bring a write about. */
export interface Hands {
  readonly attempt: () => Promise<ObjectInfo>
  /** The object that stands there now, with metadata. */
  readonly look: () => Promise<ObjectInfo | undefined>
  /** Waits after attempt number `attempt` (from 1); where it was the last one, throws its error. */
  readonly pause: (attempt: number, error: StorageError) => Promise<void>
}

/** Refusals that our own success may answer with, once its answer was lost: the place is taken, by us; the upload is gone, into the object. */
const ECHOES: ReadonlySet<string> = new Set(['precondition-failed', 'upload-lost'])

/**
 * The rule for lost answers: after a write whose answer did not arrive, read back before saying who won.
 * @param before whether somebody may have tried it already, and not have heard the answer
 */
export async function settleWrite(
  write: Write,
  { attempt: attemptOnce, look, pause }: Hands,
  signal: AbortSignal,
  before: 'untried' | 'perhaps-tried' = 'untried',
): Promise<ObjectInfo> {
  const { key, expect } = write
  let doubtful = before === 'perhaps-tried'
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await attemptOnce()
    } catch (error) {
      signal.throwIfAborted()
      if (!isStorageError(error)) throw error
      if (isAmbiguous(error)) doubtful = true
      // Until an attempt went astray, a refusal is plain truth. After one, even a refusal may be the echo of our own success.
      if (!doubtful) {
        if (!isTemporary(error)) throw error
        await pause(attempt, error)
        continue
      }
      if (!isAmbiguous(error) && !isTemporary(error) && !ECHOES.has(error.code)) throw error
      const now = await look()
      if (now !== undefined && isOurs(now, write)) return now
      if (!stillHolds(expect, now))
        throw new StorageError('precondition-failed', `the remote moved on: ${key}`, { key })
      await pause(attempt, error)
    }
  }
}

/**
 * Whether the object that stands there now is the one that we tried to write. The store's word on the content counts; where it gives
 * none (uploads in parts), the metadata that this write alone carried: digest, author and times together. Without a digest in either, equal size says nothing.
 */
export function isOurs(
  now: ObjectInfo,
  { digests, size, metadata }: Pick<Write, 'digests' | 'size' | 'metadata'>,
): boolean {
  if (now.size !== size) return false
  for (const [name, value] of Object.entries(metadata.user))
    if (now.metadata?.user[name] !== value) return false
  // What says something by not being there: the object before the write may differ by that alone.
  for (const name of ['executable', 'type'])
    if (now.metadata?.user[name] !== metadata.user[name]) return false
  if (digests.sha256 !== undefined && now.digests.sha256 !== undefined)
    return digests.sha256 === now.digests.sha256
  return size === 0 || metadata.user['sha256'] !== undefined
}

function stillHolds(expect: Expect, now: ObjectInfo | undefined): boolean {
  return expect.kind === 'absent' ? now === undefined : now?.version === expect.version
}
