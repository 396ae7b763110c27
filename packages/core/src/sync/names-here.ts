import { foldersOfArrivals, separateFolded } from '../decide/folded.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { type Folding, keyName } from '../model/folding.ts'
import type { Action } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'

/** Leaves out what would arrive under a name that this disk takes for another one. Costs a look at the folders that something comes to. */
export async function withoutFolded(
  { disk, folding }: { readonly disk: Disk; readonly folding: Folding },
  actions: readonly Action[],
): Promise<{ readonly actions: readonly Action[]; readonly problems: readonly Problem[] }> {
  if (!folding.case && !folding.form) return { actions, problems: [] }
  const names = new Map<Path, readonly string[]>()
  for (const folder of foldersOfArrivals(actions))
    try {
      const items = await disk.list(folder)
      names.set(
        folder,
        items.map(({ name }) => keyName(name, folding)),
      )
    } catch (error) {
      // It is not there yet, or something else is in its place, which the effect finds out.
      if (!(error instanceof DiskError)) throw error
    }
  return separateFolded(actions, names, folding)
}
