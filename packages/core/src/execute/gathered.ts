import type { Memory } from '../provider/index.ts'

/** Less than this is put together with what follows: each piece costs a call of the disk. */
const SMALL = 256 * 1024
const PIECE = 512 * 1024

/**
 * The same bytes in pieces that are worth a call of the disk each. A piece is good until the next one is asked for. What arrived before a failure comes before
 * the failure does.
 * @param arrived hears of each chunk's length, and may hold it up
 */
export async function* gathered(
  body: AsyncIterable<Uint8Array>,
  arrived: (length: number) => Promise<void>,
  memory: Memory,
): AsyncGenerator<Uint8Array, void, void> {
  let buffer: Uint8Array | undefined
  let filled = 0
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of body) {
      await arrived(chunk.length)
      if (buffer !== undefined && filled > 0 && filled + chunk.length > PIECE) {
        yield buffer.subarray(0, filled)
        filled = 0
      }
      if (filled === 0 && chunk.length >= SMALL) {
        yield chunk
        continue
      }
      buffer ??= memory.take(PIECE)
      buffer.set(chunk, filled)
      filled += chunk.length
    }
  } catch (error) {
    failure = { error }
  }
  if (buffer !== undefined && filled > 0) yield buffer.subarray(0, filled)
  if (buffer !== undefined) memory.giveBack(buffer)
  if (failure !== undefined) throw failure.error
}
