import { isRemoval, withoutHeldBack, withoutRoom } from '../decide/held-back.ts'
import { isSilent, transferOf } from '../execute/tally.ts'
import type { OnEvent } from '../model/events.ts'
import type { Action } from '../model/plan.ts'
import type { Planned } from './make-plan.ts'
import type { RunOutcome } from './run-outcome.ts'

const GIT = /(?:^|\/)\.git\//
const GIT_NOTICE =
  'a .git folder is synced like any other, and Git at work in two clones at once can break it; a line `.git/` in .lsyncignore leaves it out'

/** What the whole run will come to, as far as it is known. */
export function announce(
  actions: readonly Action[],
  left: Planned['left'],
  onEvent: OnEvent,
): void {
  let bytes = left?.bytes ?? 0
  let transfers = left?.transfers ?? 0
  for (const action of actions) {
    const size = transferOf(action)
    if (size === undefined) continue
    transfers++
    bytes += size
  }
  onEvent({ type: 'planned', actions: actions.length + (left?.actions ?? 0), transfers, bytes })
}

/** @returns true once it was said */
export function warnOfGit(actions: readonly Action[], onEvent: OnEvent): boolean {
  const found = actions.some(({ kind, path }) => kind !== 'adopt' && GIT.test(path))
  if (found) onEvent({ type: 'notice', message: GIT_NOTICE })
  return found
}

/** Of a dry run: what a run would do, removals last, and what it would leave undone. */
export async function foresee(
  actions: readonly Action[],
  more: AsyncIterable<readonly Action[]>,
  outcome: RunOutcome,
  onEvent: OnEvent,
): Promise<void> {
  const tell = (some: readonly Action[], result: 'planned' | 'skipped'): void => {
    for (const action of some) {
      if (result === 'planned') outcome.tally.done(action)
      if (!isSilent(action)) onEvent({ type: 'action', action, result })
    }
  }
  // What is in its way stays for what this plan does not bring: what comes later has no part in that.
  const lacking = withoutRoom(actions, outcome.failed)
  tell(
    actions.filter((action) => !isRemoval(action) && !lacking.has(action.path)),
    'planned',
  )
  for await (const next of more) tell(next, 'planned')
  // Only now all is known that does not get to a side.
  const { actions: kept, held, problems } = withoutHeldBack(actions, outcome.failed, lacking)
  tell(kept.filter(isRemoval), 'planned')
  tell(held, 'skipped')
  outcome.note({ problems })
}
