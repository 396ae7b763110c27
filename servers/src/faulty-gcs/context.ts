import type { Answer } from '../faulty/answer.ts'
import type { GcsRequest } from './request.ts'
import type { Store } from './store.ts'

/** Where this server behaves like an emulator that honours less than Cloud Storage does: the conditions there are passed over in silence; or as what comes through a proxy that takes headers away. */
export interface GcsHonours {
  readonly conditionalDelete: boolean
  readonly conditionalRewrite: boolean
  /** The answer to a read says of which generation its bytes are. */
  readonly generationHeaders: boolean
}

export interface Context {
  readonly store: Store
  readonly honours: GcsHonours
  /** Objects on a page of a listing, at most. */
  readonly pageSize: number
  /** Bytes that one call of a rewrite copies, at most. */
  readonly rewriteSize: number
  /** The server's clock, milliseconds since the epoch. */
  readonly now: () => number
  /** Of this server, for the addresses of upload sessions. */
  readonly origin: () => string
  /** Names that the listing which is being answered leaves out: a fault. */
  readonly hidden: (key: string) => boolean
  /** Of the bytes that a session is sent with this request, it keeps no more: a fault. */
  readonly keeps: number
}

/** Synchronous: see SortedMap. */
export type Handler = (context: Context, request: GcsRequest, body: Buffer) => Answer
