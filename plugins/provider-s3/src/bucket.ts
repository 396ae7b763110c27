import type { OpenOptions, ProbeReport } from '@lsync/core/provider'
import type { Connections } from '@lsync/http'
import type { Traits } from './known.ts'
import type { Multipart } from './multipart.ts'
import type { Requester } from './request.ts'
import type { StoreSettings } from './settings.ts'
import type { Place } from './url.ts'

/** A bucket that answers to us, and what is known of the store. */
export interface Bucket {
  readonly place: Place
  readonly store: StoreSettings
  readonly connections: Connections
  readonly requester: Requester
  readonly multipart: Multipart
  /** What a probe found at this host; undefined before one. */
  readonly known: ProbeReport | undefined
  readonly traits: Traits
  readonly isAmazon: boolean
  readonly onNotice: OpenOptions['onNotice'] | undefined
}
