import { createHash } from 'node:crypto'
import type { Sides } from '@lsync/core'

/** Longer texts are not compared line by line: that takes time and memory beyond any use. */
const LONGEST = 4 * 1024 * 1024

/** What one side holds, as far as it had to be read. */
export interface Content {
  readonly size: number
  /** Absent where nobody vouches for it and it was not worth reading. */
  readonly sha256?: string
  /** Absent for what is no text, or too long. */
  readonly text?: string
}

export async function localContent(sides: Sides): Promise<Content | undefined> {
  return sides.local && contentOf(sides.local.stat.size, () => sides.readLocal())
}

/** @param size of what it is compared with: only content of that size could be the same, and is read if nobody vouches for its digest */
export async function remoteContent(
  sides: Sides,
  size: number | undefined,
): Promise<Content | undefined> {
  const { remote } = sides
  if (remote === undefined) return undefined
  const { sha256 } = remote.digests
  if (remote.size > LONGEST && (sha256 !== undefined || size !== remote.size))
    return { size: remote.size, ...(sha256 === undefined ? {} : { sha256 }) }
  return contentOf(remote.size, () => sides.readRemote())
}

/** Undefined where the remote has not kept it. */
export async function baseContent(sides: Sides): Promise<Content | undefined> {
  const bytes = await sides.readBase()
  return bytes && describe(bytes)
}

async function contentOf(size: number, read: () => AsyncIterable<Uint8Array>): Promise<Content> {
  if (size <= LONGEST) return describe(await collect(read()))
  const hasher = createHash('sha256')
  for await (const chunk of read()) hasher.update(chunk)
  return { size, sha256: hasher.digest('hex') }
}

function describe(bytes: Uint8Array): Content {
  const text = textOf(bytes)
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    ...(text === undefined ? {} : { text }),
  }
}

/** UTF-8 without NUL, and not too long. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > LONGEST || bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}
