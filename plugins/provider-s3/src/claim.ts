import { randomUUID } from 'node:crypto'
import type { Raw } from './reading.ts'
import { anyTombstone, LEASE, STALE, type Tombstone } from './tombstones.ts'

/** One try of this process to remove one object. */
export interface Claim {
  readonly tombstone: Tombstone
  /** Stands in the tombstone's metadata: who looks whether a tombstone is his own must not meet another's with the same body. */
  readonly token: string
  readonly wall: number
  readonly monotonic: number
}

export const TOKEN = 'lsync-claim'

export function newClaim(expect: string): Claim {
  return {
    tombstone: anyTombstone(expect),
    token: randomUUID(),
    wall: Date.now(),
    monotonic: performance.now(),
  }
}

/** By whichever clock ran further: one may be set back, the other stands still while the machine sleeps. */
export function leaseLeft({ wall, monotonic }: Claim): number {
  return LEASE - Math.ceil(Math.max(Date.now() - wall, performance.now() - monotonic))
}

export function isLeased(claim: Claim): boolean {
  return leaseLeft(claim) > 0
}

export function isOwn({ info }: Raw, { token }: Claim): boolean {
  return info.metadata?.user[TOKEN] === token
}

/** By the store's clock alone. */
export function isStale({ info, response }: Raw): boolean {
  return Date.parse(String(response.headers['date'] ?? '')) - info.modified > STALE
}
