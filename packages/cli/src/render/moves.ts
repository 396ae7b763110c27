import type { Action } from '@lsync/core'

/** The former name of a file that moves, on either side. */
export function movedFrom(action: Action): string | undefined {
  if (action.kind === 'move-local') return action.source
  return action.kind === 'upload' ? action.moved?.key : undefined
}

/** The second half of a move is not worth a line of its own. */
export function isWorthTelling(action: Action): boolean {
  return action.kind !== 'remove-remote' || action.move !== true
}
