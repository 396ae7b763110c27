import { hash, randomInt } from 'node:crypto'
import type { Requester, S3Request } from './request.ts'
import { bareEtag } from './xml.ts'

/**
 * Where DELETE keeps no condition (MinIO), a removal is claimed first: the object is replaced, under its condition, by one of these small constant
 * bodies, and then deleted. A listing knows them by their ETags; they read as absent. The claim is a lease: its owner deletes within
 * `LEASE` by its own clock or not at all; others may clear one that is older than `STALE` by the store's clock, by claiming it anew;
 * nobody writes over one. There are many, and each claim takes one by chance: a condition on a tombstone that was seen a while ago does
 * not hold for another claim on the same key.
 */
const COUNT = 4096

export const LEASE = 5 * 60 * 1000
export const STALE = 10 * 60 * 1000

export interface Tombstone {
  readonly bytes: Uint8Array
  /** As the store names it, if it names objects by their MD5. */
  readonly etag: string
}

const encoder = new TextEncoder()

function bodyOf(index: number): Uint8Array {
  return encoder.encode(`lsync removes this object ${String(index).padStart(4, '0')} d4b1c7\n`)
}

export const TOMBSTONE_SIZE = bodyOf(0).length

function etagOf(bytes: Uint8Array): string {
  return hash('md5', bytes, 'hex')
}

/** All of them, and which first four digits they have: nearly every ETag of a listing is told apart by those. */
let known: { readonly etags: ReadonlySet<string>; readonly starts: Uint8Array } | undefined

/** By the ETag alone: versitygw may tell that of one state of an object with the size of another. */
export function isTombstone(etag: string): boolean {
  known ??= knowAll()
  return known.starts[startOf(etag)] === 1 && known.etags.has(etag)
}

function knowAll() {
  const etags = new Set(Array.from({ length: COUNT }, (_, index) => etagOf(bodyOf(index))))
  const starts = new Uint8Array(0x1_00_00)
  for (const etag of etags) starts[startOf(etag)] = 1
  return { etags, starts }
}

/** The first four digits as one number; any number for what has none. */
function startOf(etag: string): number {
  let start = 0
  for (let at = 0; at < 4; at++) {
    const code = etag.charCodeAt(at)
    start = (start << 4) | (code < 0x40 ? code & 0xf : (code + 9) & 0xf)
  }
  return start
}

/** Any but the one that is to be replaced. */
export function anyTombstone(except?: string): Tombstone {
  for (;;) {
    const bytes = bodyOf(randomInt(COUNT))
    const etag = etagOf(bytes)
    if (etag !== except) return { bytes, etag }
  }
}

/**
 * Puts one under a key.
 * @param headers the condition, and what the bucket wants of every write
 * @returns the ETag that the store gives it, empty if it does not tell
 */
export async function putTombstone(
  requester: Requester,
  key: string,
  { bytes }: Tombstone,
  { headers, signal }: Required<Pick<S3Request, 'headers' | 'signal'>>,
): Promise<string> {
  const answer = await requester.sendOnly({
    method: 'PUT',
    key,
    headers: {
      ...headers,
      'content-type': 'text/plain',
      // Buckets with object locks take nothing without a checksum.
      'x-amz-checksum-sha256': hash('sha256', bytes, 'base64'),
    },
    body: bytes,
    length: bytes.length,
    sha256: hash('sha256', bytes, 'hex'),
    signal,
  })
  return bareEtag(String(answer.headers['etag'] ?? ''))
}
