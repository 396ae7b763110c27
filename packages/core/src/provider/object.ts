/** What lies in a store, and what is to be put there: the words of the contract. */

/** An opaque token of one state of one object, for preconditions (ETag, generation). Equal tokens mean equal bytes. */
export type Version = string

/**
 * Digests as lower-case hex. `md5/N` is the MD5 of the MD5s of parts of N bytes with `-COUNT` appended (the multipart ETag of S3);
 * `crc32/N` is the CRC-32 of each part of N bytes, one behind the other.
 * Equal digests of one algorithm prove equal content (except the CRCs, which prove nothing by themselves).
 * Only an unequal `sha256` proves unequal content: an ETag that looks like an MD5 may be none.
 */
export type DigestAlgorithm =
  | 'sha256'
  | 'md5'
  | `md5/${number}`
  | 'crc32'
  | `crc32/${number}`
  | 'crc32c'
  | 'crc64nvme'
export type Digests = Readonly<Partial<Record<DigestAlgorithm, string>>>

/** What a store keeps beside an object's bytes. */
export interface ObjectMetadata {
  /** Free metadata; keys are lower-case ASCII, values any text (the provider encodes what its store cannot carry). */
  readonly user: Readonly<Record<string, string>>
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
}

export interface ObjectInfo {
  readonly key: string
  /** Bytes of the body. */
  readonly size: number
  /** When it was stored, by the store's clock, in milliseconds since the epoch. */
  readonly modified: number
  readonly version: Version
  /** Computed from a listing alone, equal in `list`, `head`, `read` and `write`; changes whenever content or metadata may have. */
  readonly fingerprint: string
  /** Where the store keeps earlier versions: the name of this one. */
  readonly historyId?: string
  /** What the store vouches for: never what a writer merely claimed in metadata. */
  readonly digests: Digests
  /** Always present from `head` and `read`; absent where a listing does not carry it. */
  readonly metadata?: ObjectMetadata
}

/** What a write expects to find. It is required: a blind write does not compile. */
export type Expect =
  | { readonly kind: 'absent' }
  | { readonly kind: 'version'; readonly version: Version }

/** Bytes that can be opened again, so that a retry is safe by type. */
export interface ByteSource {
  readonly size: number
  /** Digests of exactly these bytes, where known: the provider passes them on for the store to check. */
  readonly digests: Digests
  /** The bytes from `from` (default 0) to the end, in chunks that all stay good until the call that the source was given to has ended. May be called several times. */
  open(from: number, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** All the bytes, where they are in memory anyway (small files, parts): the fast path. Good until the call that they were given to has ended, not longer. */
  readonly bytes?: Uint8Array
}
