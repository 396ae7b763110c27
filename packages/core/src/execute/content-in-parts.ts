import type { DiskFile } from '../disk/disk.ts'
import type { ByteRange, Digests, Uploads } from '../provider/index.ts'
import { hashFile } from '../scan/hash.ts'

/** What is known of a file before its parts are sent. */
export interface HashedContent {
  readonly sha256: string
  /** Of a part, as far as it was read for the sha256: what is sent must be the same. */
  digestsOf(part: ByteRange): Digests
}

/**
 * RACE: the file was hashed earlier, and its parts are compared with nothing. Who writes by way of mapped memory moves its times on only when the system takes note of
 * it; worst outcome: parts of several moments make an object that is nobody's content, until the file is saved once more; `verify --deep` tells.
 */
export function knownContent(sha256: string): HashedContent {
  return { sha256, digestsOf: () => ({}) }
}

/** Reads all of it, once. */
export async function readContent(
  file: DiskFile,
  size: number,
  uploads: Pick<Uploads, 'crc32PartSize'>,
  signal: AbortSignal,
): Promise<HashedContent> {
  const partSize = uploads.crc32PartSize?.(size)
  if (partSize === undefined) return knownContent((await hashFile(file, size, [], signal)).sha256)
  const algorithm = `crc32/${partSize}` as const
  const { sha256, [algorithm]: parts = '' } = await hashFile(file, size, [algorithm], signal)
  return {
    sha256,
    digestsOf({ from, to }) {
      // No part by that size: an upload that began with another one.
      if (from % partSize !== 0 || to !== Math.min(from + partSize, size)) return {}
      const at = (from / partSize) * LENGTH
      return { crc32: parts.slice(at, at + LENGTH) }
    },
  }
}

/** Of a CRC-32 in hex. */
const LENGTH = 8
