import { Readable } from 'node:stream'
import { slices } from './slices.ts'

/** Longer bodies are streams, whose pieces tell undici that the line moves; our own connections cut all of them finer. */
const SLICE = 256 * 1024

export interface RequestBody {
  readonly body: Uint8Array | Readable | null
  /** Set once the source of the body failed: its error, and not what became of the connection, is what the caller must see. */
  failed?: { readonly error: unknown }
}

/** A body as it is sent. */
export function bodyOf(body: Uint8Array | AsyncIterable<Uint8Array> | undefined): RequestBody {
  if (body === undefined) return { body: null }
  if (!(body instanceof Uint8Array)) return watched(body)
  if (body.length <= SLICE) return { body }
  return { body: Readable.from(slices(body, SLICE), { objectMode: false }) }
}

function watched(source: AsyncIterable<Uint8Array>): RequestBody {
  async function* chunks(): AsyncIterable<Uint8Array> {
    try {
      yield* source
    } catch (error) {
      result.failed = { error }
      throw error
    }
  }
  const result: RequestBody = { body: Readable.from(chunks(), { objectMode: false }) }
  return result
}
