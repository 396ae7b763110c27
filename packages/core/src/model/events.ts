import type { Path } from './entry.ts'
import type { Action, Conflict, Halt } from './plan.ts'
import type { Problem } from './problem.ts'

export type Phase =
  | 'opening'
  | 'recovering'
  | 'comparing'
  | 'hashing'
  | 'transferring'
  | 'removing'
  | 'recording'

/** How one action ended. */
export type ActionResult = 'done' | 'planned' | 'failed' | 'skipped'

/** Progress: one callback over this union; nothing in core prints. */
export type LsyncEvent =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** Entries seen so far while comparing. */
  | { readonly type: 'seen'; readonly local: number; readonly remote: number }
  | { readonly type: 'hashed'; readonly files: number; readonly bytes: number }
  /** What is to be done, once it is known. */
  | {
      readonly type: 'planned'
      readonly actions: number
      readonly transfers: number
      readonly bytes: number
    }
  | { readonly type: 'bytes'; readonly direction: 'up' | 'down'; readonly bytes: number }
  /** Bytes of a transfer that an earlier run brought over already. */
  | { readonly type: 'resumed'; readonly direction: 'up' | 'down'; readonly bytes: number }
  | { readonly type: 'action'; readonly action: Action; readonly result: ActionResult }
  /** What was not done on this path is tried again, if there is anything to do yet: only how that ends counts. */
  | { readonly type: 'again'; readonly path: Path }
  | { readonly type: 'conflict'; readonly conflict: Conflict }
  | { readonly type: 'problem'; readonly problem: Problem }
  | { readonly type: 'halted'; readonly halt: Halt }
  /** What was in the trash longer than it is kept, or more than it may hold, went for good. */
  | { readonly type: 'trash-cleared'; readonly files: number; readonly bytes: number }
  | { readonly type: 'notice'; readonly message: string }

export type OnEvent = (event: LsyncEvent) => void
