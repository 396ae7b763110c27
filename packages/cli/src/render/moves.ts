import type { Action } from '@lsync/core'

/** The former name of a file that moves, on either side. */
export function movedFrom(action: Action): string | undefined {
  if (action.kind === 'move-local') return action.source
  return action.kind === 'upload' ? action.moved?.key : undefined
}

/** The second half of a move is not worth a line of its own, nor is that a folder is no empty one any more: what fills it has one. */
export function isWorthTelling(action: Action): boolean {
  if (action.kind === 'remove-local') return action.filled !== true
  return action.kind !== 'remove-remote' || (action.move !== true && action.filled !== true)
}
