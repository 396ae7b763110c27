import type { DiskFile } from '../disk/disk.ts'
import { writeMetadata } from '../model/metadata.ts'
import type { UploadAction } from '../model/plan.ts'
import type {
  ByteRange,
  ByteSource,
  Digests,
  ObjectInfo,
  ObjectMetadata,
  WriteOptions,
} from '../provider/index.ts'
import { PathProblem } from './consequence.ts'
import { contentTypeOf } from './content-type.ts'
import type { Effects } from './context.ts'

/** What arrived of a file. */
export interface Sent {
  readonly sha256: string
  readonly info: ObjectInfo
  readonly metadata: ObjectMetadata
}

/** Bytes of the open file; a retry reads them again from the same descriptor. */
export function sourceOf(
  effects: Effects,
  file: DiskFile,
  { from, to }: ByteRange,
  digests: ByteSource['digests'],
): ByteSource {
  return streamed(effects, to - from, digests, (start, signal) =>
    file.read({ from: from + start, to }, signal),
  )
}

/** Bytes that are held, given out piece by piece: where they are many, the line shall be seen to move, and heed its limit. */
export function heldSource(
  effects: Effects,
  bytes: Uint8Array,
  digests: ByteSource['digests'],
): ByteSource {
  return streamed(effects, bytes.length, digests, (start) => piecesOf(bytes, start))
}

function streamed(
  { bandwidth, onEvent }: Effects,
  size: number,
  digests: ByteSource['digests'],
  chunks: (start: number, signal: AbortSignal) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): ByteSource {
  return {
    size,
    digests,
    async *open(start, signal) {
      for await (const chunk of chunks(start, signal)) {
        await bandwidth.up.take(chunk.length, signal)
        yield chunk
        onEvent({ type: 'bytes', direction: 'up', bytes: chunk.length })
      }
    },
  }
}

function* piecesOf(bytes: Uint8Array, start: number): Iterable<Uint8Array> {
  for (let at = start; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}

/** Larger files and parts are streamed. */
export const LARGEST_HELD = 16 * 1024 * 1024
const PIECE = 256 * 1024

/** Parts of the open file, each read at once. */
export class Parts {
  readonly #effects: Effects
  readonly #file: DiskFile
  readonly #size: number

  constructor(effects: Effects, file: DiskFile, size: number) {
    this.#effects = effects
    this.#file = file
    this.#size = size
  }

  /** `send` has the bytes until it ends. */
  async lend(
    range: ByteRange,
    digests: Digests,
    signal: AbortSignal,
    send: (source: ByteSource) => Promise<void>,
  ): Promise<void> {
    const {
      bandwidth: { up },
      uploadBuffers,
      onEvent,
    } = this.#effects
    const size = range.to - range.from
    // Under a limit the bytes must flow evenly.
    if (up.limited || this.#size > LARGEST_HELD)
      return send(sourceOf(this.#effects, this.#file, range, digests))
    await uploadBuffers.lend(size, signal, async (bytes) => {
      if ((await this.#file.readInto(bytes, range.from)) !== size) throw new PathProblem('changing')
      await send({
        size,
        digests,
        bytes,
        // In pieces: a line that is too slow for all of it at once would pass for a silent one.
        async *open(start) {
          yield* piecesOf(bytes, start)
        },
      })
    })
    onEvent({ type: 'bytes', direction: 'up', bytes: size })
  }
}

export async function writeOptions(
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

/** What stands on the object that is overwritten. Asked for only where others may have set something; else it is what lsync set. */
async function previousMetadata(
  { provider }: Effects,
  { path, over, base }: UploadAction,
  signal: AbortSignal,
): Promise<ObjectMetadata | undefined> {
  if (over === undefined || over.metadata !== undefined) return over?.metadata
  if (base?.remote.version === over.version && base.remote.annotated !== true)
    return {
      user: {
        ...(base.executable ? { executable: 'true' } : {}),
        ...(base.type === 'link' ? { type: 'link' } : {}),
      },
    }
  return (await provider.head(path, { signal }))?.metadata
}
