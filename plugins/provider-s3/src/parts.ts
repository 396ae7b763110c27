import type { Digests } from '@lsync/core/provider'

const MIB = 1024 * 1024
const SMALLEST_PART = 8 * MIB
const MOST_PARTS = 10_000

/** From this size on files go up in parts. */
export const WORTHWHILE = 16 * MIB
/** What one PUT takes. */
export const LARGEST_SINGLE = 5 * 1024 * MIB

/**
 * Bytes of a part for a file of this size. A function of the size alone, so that the ETag of an upload in parts can be recognised as a digest
 * (`md5/PARTSIZE`) without having made the upload.
 */
export function partSizeFor(size: number): number {
  let part = SMALLEST_PART
  while (Math.ceil(size / part) > MOST_PARTS) part *= 2
  return part
}

/** How many parts; an empty file has one, too. */
export function partCountFor(size: number): number {
  return Math.max(1, Math.ceil(size / partSizeFor(size)))
}

/** Bytes of one part, counted from 1, of a file of this size. */
export function partLength(size: number, number: number): number {
  const partSize = partSizeFor(size)
  return Math.min(partSize, size - (number - 1) * partSize)
}

/** What an ETag says about the content. A wrong guess (an encrypted object's ETag is no MD5) is harmless: only equality proves anything. */
export function digestsOfEtag(etag: string, size: number): Digests {
  if (etag.length === MD5_LENGTH && isHex(etag)) return { md5: etag }
  const parts = /^[0-9a-f]{32}-(\d+)$/.exec(etag)?.[1]
  return parts !== undefined && partCountFor(size) === Number(parts)
    ? { [`md5/${partSizeFor(size)}`]: etag }
    : {}
}

const MD5_LENGTH = 32

/** Asked for every key of a listing, where an expression would be felt. */
function isHex(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}
