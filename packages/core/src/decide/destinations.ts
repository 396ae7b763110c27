import type { Action, UploadAction } from '../model/plan.ts'

/*
 * What a plan makes of the places at which content appeared: the old name of a file that was renamed goes by that.
 */

/** Paths that the remote will have as they are here, with the upload where it takes one. */
export function settledPlaces(
  actions: readonly Action[],
): ReadonlyMap<string, UploadAction | undefined> {
  const settled = new Map<string, UploadAction | undefined>()
  for (const action of actions)
    if (action.kind === 'upload') settled.set(action.path, action)
    else if (action.kind === 'adopt' || action.kind === 'keep-both')
      settled.set(action.path, undefined)
  return settled
}

/** Paths at which a conflict is settled for the remote's side: what stands there leaves. */
export function givenUpPlaces(actions: readonly Action[]): ReadonlySet<string> {
  return new Set(
    actions.flatMap((action) =>
      action.kind === 'download' && action.reason === 'conflict' ? [action.path] : [],
    ),
  )
}

/** Under which new path the file of an inode is sent. */
export function uploadsByInode(actions: readonly Action[]): ReadonlyMap<number, string> {
  const uploads = new Map<number, string>()
  for (const action of actions)
    if (action.kind === 'upload' && action.over === undefined) {
      const { inode } = action.from.stat
      if (inode === undefined) continue
      const other = uploads.get(inode)
      // Hard links: any of them will do, but always the same.
      if (other === undefined || action.path < other) uploads.set(inode, action.path)
    }
  return uploads
}
