import { StorageError } from '@lsync/core/provider'
import { type Crc32c, hexCrc32c } from './crc32c.ts'
import { connectionError } from './errors.ts'
import type { GcsResponse } from './request.ts'

/** Bytes of a body that is held until it was checked: then a damaged one can simply be read again. */
const HELD = 256 * 1024

export interface Coming {
  readonly host: string
  readonly key: string
  readonly response: GcsResponse
  /** Bytes. */
  readonly expected: number
  /** Of these bytes, in hex; undefined for a range. */
  readonly crc32c: string | undefined
  readonly signal: AbortSignal
}

export function torn({ key, expected }: Coming, received: number): StorageError {
  return new StorageError('network', `${key}: ${received} of ${expected} bytes arrived`, { key })
}

export function damaged({ key }: Coming, code: 'network' | 'bad-digest'): StorageError {
  return new StorageError(code, `${key}: the bytes were damaged on the way`, { key })
}

/** Ends early, or with other bytes than those that are stored, only by throwing. */
export async function* chunksOf(
  coming: Coming,
  sum: Crc32c,
): AsyncGenerator<Uint8Array, void, void> {
  const { host, key, response, expected, crc32c, signal } = coming
  // Small, and yet of no announced length: else it came as a whole.
  const held: Uint8Array[] | undefined = crc32c !== undefined && expected <= HELD ? [] : undefined
  let received = 0
  let crc = 0
  try {
    for await (const chunk of response.body) {
      received += chunk.length
      if (received > expected) break
      if (crc32c !== undefined) crc = sum(chunk, crc)
      if (held === undefined) yield chunk
      // Its memory may be used again.
      else held.push(Buffer.from(chunk))
    }
  } catch (error) {
    signal.throwIfAborted()
    throw connectionError(key, host, error)
  }
  if (received !== expected) throw torn(coming, received)
  // Not to be taken up from where it ended: some byte before is wrong.
  if (crc32c !== undefined && hexCrc32c(crc) !== crc32c)
    throw damaged(coming, held === undefined ? 'bad-digest' : 'network')
  if (held !== undefined && received > 0) yield Buffer.concat(held)
}
