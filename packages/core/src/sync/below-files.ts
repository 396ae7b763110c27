import type { TakenPlace } from '../decide/named.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import { runPool } from '../execute/pool.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, isWithin } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import type { PlanContext } from './plan-context.ts'

type Context = Pick<PlanContext, 'disk' | 'provider' | 'jobs' | 'signal' | 'remoteStream'>

/**
 * Leaves out what is new below a file of the side that it comes to. Names above the named paths are not seen with them, and a store of keys takes
 * `a/b` beside `a`, of which nobody could sync both: so those names are looked up, each folder that something new comes into once.
 */
export async function withoutBelowFiles(
  { disk, provider, jobs, signal, remoteStream }: Context,
  actions: readonly Action[],
  within: readonly Path[],
): Promise<{ readonly actions: readonly Action[]; readonly taken: readonly TakenPlace[] }> {
  const filesAmong = async (
    arrivals: readonly Action[],
    isFile: (folder: Path, signal: AbortSignal) => Promise<boolean>,
  ): Promise<ReadonlySet<Path>> => {
    const files = new Set<Path>()
    const asked = new Set(arrivals.flatMap(({ path }) => unseen(path, within)))
    await runPool(asked, jobs, signal, async (folder, both) => {
      if (await isFile(folder, both)) files.add(folder)
    })
    return files
  }
  const there = await filesAmong(
    remoteStream === undefined ? actions.filter(isNewThere) : [],
    async (folder, both) => (await provider.head(folder, { signal: both })) !== undefined,
  )
  const here = await filesAmong(actions.filter(isNewHere), (folder) => isNoFolder(disk, folder))
  if (there.size === 0 && here.size === 0) return { actions, taken: [] }
  const taken = new Map<Action, TakenPlace>()
  for (const action of actions) {
    const up = isNewThere(action)
    if (!up && !isNewHere(action)) continue
    const { path } = action
    const file = unseen(path, within).find((folder) => (up ? there : here).has(folder))
    if (file === undefined) continue
    taken.set(action, {
      side: up ? 'up' : 'down',
      problem: {
        path,
        code: up ? 'below-a-file' : 'in-the-way',
        detail: `${file} is ${up ? 'a file there' : 'no folder'}, and was not named`,
      },
    })
  }
  return {
    actions: actions.filter((action) => !taken.has(action)),
    taken: [...taken.values()],
  }
}

async function isNoFolder(disk: Disk, path: Path): Promise<boolean> {
  try {
    const found = await disk.stat(path)
    return found !== undefined && found.kind !== 'folder'
  } catch (error) {
    // What may not be looked at is found out by the effect.
    if (!(error instanceof DiskError)) throw error
    return false
  }
}

function unseen(path: Path, within: readonly Path[]): readonly Path[] {
  return ancestorsOf(path).filter((folder) => !isWithin(folder, within))
}

function isNewThere(action: Action): boolean {
  return action.kind === 'upload' && action.expect.kind === 'absent'
}

function isNewHere(action: Action): boolean {
  return action.kind === 'move-local' || (action.kind === 'download' && action.from === 'absent')
}
