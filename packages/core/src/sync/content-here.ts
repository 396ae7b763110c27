import type { Disk } from '../disk/disk.ts'
import { isWorthCopying } from '../execute/copy.ts'
import type { Action, DownloadAction } from '../model/plan.ts'
import { SameSize } from '../model/same-size.ts'
import { isFolderKey } from '../model/path.ts'
import type { StorageProvider } from '../provider/index.ts'
import type { State } from '../state/state.ts'
import { listTrash, placeOf } from './trash.ts'

/**
 * Tells large downloads which files here, in the tree or in the trash, may hold their content already. The base knows what the tree held; of
 * the trash only sizes are known. Whether they do is proved when they are copied.
 */
export async function withContentHere(
  { disk, state, provider }: { disk: Disk; state: State; provider: StorageProvider },
  actions: readonly Action[],
): Promise<readonly Action[]> {
  const bySize = new Map<number, SameSize>()
  for (const action of actions)
    if (isSought(action, provider)) bySize.set(action.remote.size, new SameSize())
  if (bySize.size === 0) return actions
  for await (const page of state.rows())
    for (const { path, entry } of page)
      if (entry.type === 'file')
        bySize.get(entry.size)?.add(path, entry.sha256, entry.remote.version)
  for await (const item of listTrash(disk)) bySize.get(item.size)?.addInTrash(placeOf(item))
  return actions.map((action) => {
    if (!isSought(action, provider)) return action
    const sameSize = bySize.get(action.remote.size)
    const isAny = sameSize?.candidates(action.path, action.remote).next().done === false
    return isAny ? { ...action, sameSize } : action
  })
}

function isSought(
  action: Action,
  provider: Pick<StorageProvider, 'copyWorthwhile'>,
): action is DownloadAction {
  return (
    action.kind === 'download' &&
    action.here === undefined &&
    !isFolderKey(action.path) &&
    action.remote.size > 0 &&
    isWorthCopying(provider, action.remote.size)
  )
}
