import type { Disk } from '../disk/disk.ts'
import { isWorthCopying } from '../execute/copy.ts'
import type { Action, DownloadAction, HeldHere } from '../model/plan.ts'
import { isFolderKey, joinPath } from '../model/path.ts'
import type { StorageProvider } from '../provider/index.ts'
import { TRASH } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import { listTrash } from './trash.ts'

/**
 * Tells large downloads which files here, in the tree or in the trash, may hold their content already. The base knows what the tree held; of
 * the trash only sizes are known. Whether they do is proved when they are copied.
 */
export async function withContentHere(
  { disk, state, provider }: { disk: Disk; state: State; provider: StorageProvider },
  actions: readonly Action[],
): Promise<readonly Action[]> {
  const bySize = new Map<number, HeldHere[]>()
  for (const action of actions) if (isSought(action, provider)) bySize.set(action.remote.size, [])
  if (bySize.size === 0) return actions
  for await (const page of state.rows())
    for (const { path, entry } of page)
      if (entry.type === 'file')
        bySize.get(entry.size)?.push({ path, sha256: entry.sha256, version: entry.remote.version })
  for await (const { run, path, size } of listTrash(disk))
    bySize.get(size)?.push({ path: joinPath(joinPath(TRASH, run), path) })
  return actions.map((action) => {
    if (!isSought(action, provider)) return action
    const here = likely(action, bySize.get(action.remote.size) ?? [])
    return here.length === 0 ? action : { ...action, here }
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

/**
 * Where versions are made of the content's digest (the ETags of S3), another version is other content, and need not be asked about.
 */
function likely({ path, remote }: DownloadAction, held: readonly HeldHere[]): readonly HeldHere[] {
  const ofContent = Object.values(remote.digests).some(
    (digest) => digest !== undefined && remote.version.includes(digest),
  )
  return held.filter(
    (candidate) =>
      candidate.path !== path &&
      (candidate.version === undefined || !ofContent || candidate.version === remote.version),
  )
}
