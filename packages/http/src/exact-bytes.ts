import { type ByteSource, StorageError } from '@lsync/core/provider'

/**
 * The bytes of a source, for a request that announces its size: fewer or more bytes than announced would hang or tear it. Ends after exactly
 * `source.size` bytes, or throws a StorageError `bad-digest`, and never gives out more. An error of the source comes through.
 * @param key what the request is about, for the message
 */
export async function* exactBytes(
  key: string,
  source: ByteSource,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  let sent = 0
  for await (const chunk of source.open(0, signal)) {
    sent += chunk.length
    if (sent > source.size) break
    yield chunk
  }
  if (sent !== source.size) throw otherSize(key, source)
}

/** The same StorageError `bad-digest`, for a source that is seen to have another size before it is sent. */
export function otherSize(key: string, { size }: Pick<ByteSource, 'size'>): StorageError {
  return new StorageError('bad-digest', `${key} has another size than ${size}`, { key })
}
