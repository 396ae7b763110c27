import type { Action } from '@lsync/core'

/** Bytes that an action sends. A folder has a size on disk, but nothing of it goes anywhere. */
export function bytesUp(action: Action): number {
  if (action.path.endsWith('/')) return 0
  return action.kind === 'upload' || action.kind === 'keep-both' ? action.from.stat.size : 0
}

/** Bytes that an action fetches. */
export function bytesDown(action: Action): number {
  return action.kind === 'download' || action.kind === 'keep-both' ? action.remote.size : 0
}

export function bytesOf(action: Action): number {
  return bytesUp(action) + bytesDown(action)
}
