import { type NestedState, type Pointer, samePointer } from '../model/nested.ts'
import type { ConflictPolicy, SyncMode } from '../model/plan.ts'

/** What lies at the path here. `absent`: no repository, whatever else is there. */
export type PointerHere = 'absent' | 'unknown' | 'unfinished' | Pointer

/** What the outer remote says, and the token for changing it. A pointer that must not be believed has a refusal instead. */
export interface PointerThere {
  readonly version: string
  readonly pointer?: Pointer
}

export interface NestedRow {
  readonly here: PointerHere
  readonly there: PointerThere | undefined
  /** What both agreed on last, while the repository was here. */
  readonly base:
    | {
        readonly pointer: Pointer
        /** Of the pointer that was agreed on; absent where there was none yet. */
        readonly version?: string
        /** A run set out to tell the remote of this pointer, and may have died before it knew the answer. */
        readonly intended: boolean
      }
    | undefined
}

export interface NestedDecision {
  /** Undefined where there is nothing to tell. */
  readonly state: NestedState | undefined
  /** What the remote is to be told; done only in a direction that goes up. */
  readonly effect?: 'publish' | 'withdraw'
}

export interface NestedChoices {
  readonly mode: SyncMode
  readonly policy: ConflictPolicy
  /** What is here wins over whatever others say. */
  readonly claim: boolean
}

/**
 * The three-way comparison for one nested repository. Only its pointer is ever changed, on the remote: the repository itself, and how it is
 * set up here, is not the outer one's to touch.
 */
export function decideNested(
  { here, there, base }: NestedRow,
  { mode, policy, claim }: NestedChoices,
): NestedDecision {
  if (here === 'unknown') return { state: undefined }
  if (here === 'unfinished') return { state: 'unfinished' }
  const up = mode !== 'pull'
  if (here === 'absent') {
    if (there === undefined) return { state: undefined }
    if (claim || isAgreed(base, there))
      return up ? { state: 'gone', effect: 'withdraw' } : { state: 'gone' }
    return { state: there.pointer === undefined ? 'refused' : 'elsewhere' }
  }
  const publish: NestedDecision = up ? { state: 'here', effect: 'publish' } : { state: 'here' }
  if (there === undefined)
    return base?.intended === false && samePointer(base.pointer, here) && !claim
      ? { state: 'kept' }
      : publish
  if (there.pointer !== undefined && samePointer(there.pointer, here)) return { state: 'here' }
  const onlyHere = base !== undefined && base.version === there.version
  return onlyHere || claim || policy === 'local' ? publish : { state: 'differs' }
}

/** The remote still says what was agreed on. */
function isAgreed(base: NestedRow['base'], there: PointerThere): boolean {
  if (base === undefined) return false
  if (base.version === there.version) return true
  return base.intended && there.pointer !== undefined && samePointer(base.pointer, there.pointer)
}
