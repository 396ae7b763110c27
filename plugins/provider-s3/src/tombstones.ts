import { createHash, randomInt } from 'node:crypto'

/**
 * Where DELETE keeps no condition (MinIO), a removal is claimed first: the object is replaced, under its condition, by one of these small constant
 * bodies, and then deleted. A listing knows them by size and ETag; they read as absent. The claim is a lease: its owner deletes within
 * `LEASE` by its own clock or not at all; others may clear one that is older than `STALE` by the store's clock, by claiming it anew;
 * nobody writes over one. There are many, and each claim takes one by chance, so that two claims can be told apart.
 */
const COUNT = 256

export const LEASE = 5 * 60 * 1000
export const STALE = 10 * 60 * 1000

export interface Tombstone {
  readonly bytes: Uint8Array
  readonly etag: string
  readonly sha256: string
}

const TOMBSTONES: readonly Tombstone[] = Array.from({ length: COUNT }, (_, index) => {
  const bytes = new TextEncoder().encode(
    `lsync removes this object ${String(index).padStart(3, '0')} d4b1c7\n`,
  )
  const digest = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex')
  return { bytes, etag: digest('md5'), sha256: digest('sha256') }
})

const ETAGS: ReadonlySet<string> = new Set(TOMBSTONES.map(({ etag }) => etag))
const SIZE = TOMBSTONES[0]?.bytes.length ?? 0

export function isTombstone(size: number, etag: string): boolean {
  return size === SIZE && ETAGS.has(etag)
}

/** Any but the one that is to be replaced. */
export function anyTombstone(except?: string): Tombstone {
  for (;;) {
    const tombstone = TOMBSTONES[randomInt(COUNT)]
    if (tombstone !== undefined && tombstone.etag !== except) return tombstone
  }
}
