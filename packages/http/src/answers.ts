import type { AnswerBody } from './exchange.ts'

/** All of a body; of one that is longer than `most`, what came until that was seen. */
export async function bytesOf(
  body: AnswerBody,
  most: number = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const { whole } = body
  if (whole !== undefined) return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > most) break
  }
  return Buffer.concat(chunks)
}

/** Reads a body to its end and throws it away. */
export async function drain(body: AnswerBody): Promise<void> {
  if (body.whole === undefined) for await (const chunk of body) void chunk
}

/**
 * What a reader gives out of an answer's body, chunk by chunk. Whoever returns from it gives the connection back, even before the first chunk: a generator that
 * has not begun runs no `finally`.
 * @param chunks made of `body`; read once
 */
export function releasedOnReturn(
  body: AnswerBody,
  chunks: AsyncGenerator<Uint8Array, void, void>,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => chunks.next(),
      return: async () => {
        body.destroy()
        await chunks.return()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** What is read of the body of a refusal, in bytes: a hostile one has no end. */
const LONGEST_REFUSAL = 1024 * 1024

/**
 * What the body of a refusal says, read as UTF-8: all of it, or its first megabyte and what came with that. Empty where it does not arrive, since the
 * status has said no already; rejects with the signal's reason alone.
 */
export async function refusalText(body: AnswerBody, signal: AbortSignal): Promise<string> {
  try {
    return (await bytesOf(body, LONGEST_REFUSAL)).toString()
  } catch {
    signal.throwIfAborted()
    return ''
  }
}
