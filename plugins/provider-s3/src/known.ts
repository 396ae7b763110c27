import type { Guarantees, ProbeReport } from '@lsync/core/provider'
import { REFUSABLE, type Refusable } from './refused-headers.ts'
import type { Requester } from './request.ts'

/** What a probe leaves for the next opening beside what the contract names; nothing of what somebody else wrote there. */
export interface Traits {
  /** `gaps`: listings leave something out. */
  readonly order: 'bytes' | 'other' | 'gaps' | undefined
  readonly conditions: Requester['conditions'] | undefined
  /** `two`: right conditions are kept, but by a look before the write. */
  readonly steps: 'one' | 'two' | undefined
  readonly refused: readonly Refusable[]
}

export function traitsOf(known: ProbeReport | undefined): Traits {
  const { order, conditions, steps, refused } = known?.traits ?? {}
  return {
    order: order === 'bytes' || order === 'other' || order === 'gaps' ? order : undefined,
    conditions: conditions === 'quoted' || conditions === 'bare' ? conditions : undefined,
    steps: steps === 'one' || steps === 'two' ? steps : undefined,
    refused: REFUSABLE.filter((kind) => String(refused).split(' ').includes(kind)),
  }
}

/** Before any probe: what Amazon's documentation says of its own service, as far as it holds whatever the bucket's settings are. */
const AMAZON: Guarantees = {
  create: 'atomic',
  replace: 'atomic',
  remove: 'leased',
  commit: 'none',
  copy: 'none',
}

/** Of any other store: Garage passes conditions over in silence. So it is looked at before each change, and the condition is sent all the same. */
const LEAST: Guarantees = { ...AMAZON, create: 'checked', replace: 'checked', remove: 'checked' }

export function guaranteesOf(known: ProbeReport | undefined, isAmazon: boolean): Guarantees {
  return known?.guarantees ?? (isAmazon ? AMAZON : LEAST)
}
