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

/** What an ETag says about the content. A wrong guess (an encrypted object's ETag is no MD5) is harmless: only equality proves anything. */
export function digestsOfEtag(etag: string, size: number): Readonly<Record<string, string>> {
  if (/^[0-9a-f]{32}$/.test(etag)) return { md5: etag }
  const parts = /^[0-9a-f]{32}-(\d+)$/.exec(etag)?.[1]
  const partSize = partSizeFor(size)
  return parts !== undefined && Math.ceil(size / partSize) === Number(parts)
    ? { [`md5/${partSize}`]: etag }
    : {}
}
