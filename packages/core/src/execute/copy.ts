import { writeMetadata } from '../model/metadata.ts'
import type { UploadAction } from '../model/plan.ts'
import {
  isStorageError,
  type ObjectInfo,
  type StorageErrorCode,
  type StorageProvider,
} from '../provider/index.ts'
import { PathProblem } from './consequence.ts'
import { contentTypeOf } from './content-type.ts'
import type { Effects } from './context.ts'
import { fileEntry } from './entries.ts'
import { isStill } from './guard.ts'
import { withAgreedBit } from './upload.ts'

/** From this size on content that is here, or there, already is not sent or fetched again, where the provider knows no better. */
const WORTHWHILE = 128 * 1024

export function isWorthCopying(
  { copyWorthwhile }: Pick<StorageProvider, 'copyWorthwhile'>,
  size: number,
): boolean {
  return size >= (copyWorthwhile ?? WORTHWHILE)
}

/** After these the content is sent instead; its own conditions then say what is the matter. */
const SEND_INSTEAD: ReadonlySet<StorageErrorCode> = new Set([
  'precondition-failed',
  'not-found',
  'unsupported',
  'forbidden',
  'too-large',
  'busy',
  'refused',
])

/**
 * A file that was renamed here: its object is copied on the server, under conditions on both ends. The object under the old name goes later,
 * by a removal of its own.
 * @returns false where there is no safe copy, or it is not worth it: then the content is to be sent
 */
export async function copyMoved(
  effects: Effects,
  action: UploadAction,
  signal: AbortSignal,
): Promise<boolean> {
  const { disk, provider, author, recorder } = effects
  const { path, from, moved, sha256, expect, executable } = action
  if (moved === undefined || sha256 === undefined) return false
  if (provider.copy === undefined || provider.guarantees.copy !== 'atomic') return false
  if (!isWorthCopying(provider, moved.size) || moved.size !== from.stat.size) return false
  if (!isStill(await disk.stat(path), from)) throw new PathProblem('changing')
  const contentType = contentTypeOf(path)
  let info: ObjectInfo
  let metadata
  try {
    // What others set on an object stays with its name, or goes with its content to a new one.
    const key = action.over === undefined ? moved.key : path
    const { contentType: given, ...previous } = (await provider.head(key, { signal }))
      ?.metadata ?? {
      user: {},
    }
    const type = given === contentTypeOf(key) ? contentType : given
    metadata = writeMetadata(
      {
        mtime: from.stat.mtime,
        executable,
        sha256,
        author,
        link: false,
        ...(type === undefined ? {} : { contentType: type }),
      },
      previous,
    )
    info = await provider.copy({ key: moved.key, version: moved.version }, path, {
      signal,
      expect,
      metadata,
      size: moved.size,
    })
  } catch (error) {
    if (isStorageError(error) && SEND_INSTEAD.has(error.code)) return false
    throw error
  }
  const local = await withAgreedBit(effects, action)
  recorder.add(
    {
      path,
      entry: fileEntry({
        local,
        size: from.stat.size,
        sha256,
        executable,
        remote: info,
        metadata,
      }),
    },
    from.stat.inode,
  )
  return true
}
