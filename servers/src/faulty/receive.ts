import type { Readable } from 'node:stream'

/** Undefined if the client went away in the middle: then nothing must happen. */
export async function receive(
  stream: Readable,
  onBytes: (count: number) => void,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      onBytes(chunk.length)
      chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}
