import {
  isTemporary,
  type ObjectBody,
  type ReadOptions,
  type StorageError,
} from '../provider/index.ts'

/**
 * A body that goes on after a torn connection, pinned to the version that it began with.
 * @param reopen reads what is left, with what the one retry makes of failures
 * @param pause waits after attempt number `attempt` (from 1) without a byte; where it was the last one, throws its error
 */
export async function* resumed(
  { info, body: first }: ObjectBody,
  options: ReadOptions,
  reopen: (rest: ReadOptions) => Promise<ObjectBody>,
  pause: (attempt: number, error: StorageError) => Promise<void>,
): AsyncIterable<Uint8Array> {
  const { signal, length, from: start = 0 } = options
  let received = 0
  let body = first
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const chunk of body) {
        received += chunk.length
        attempt = 1
        yield chunk
      }
      return
    } catch (error) {
      signal.throwIfAborted()
      if (!isTemporary(error)) throw error
      await pause(attempt, error)
      if (length !== undefined && received >= length) return
      const rest: ReadOptions = {
        ...options,
        version: info.version,
        from: start + received,
        ...(length === undefined ? {} : { length: length - received }),
      }
      ;({ body } = await reopen(rest))
    }
  }
}
