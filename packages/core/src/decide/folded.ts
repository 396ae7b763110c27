import type { Path } from '../model/entry.ts'
import { type Folding, foldName } from '../model/folding.ts'
import { ancestorsOf, diskPath, joinPath } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import { compareKeys } from '../provider/index.ts'

/** What comes to this disk, and may meet a name there that is another one only elsewhere. */
function arrives({ kind }: Action): boolean {
  return kind === 'download' || kind === 'move-local'
}

/** Folders whose names must be known to tell what arrivals meet. */
export function foldersOfArrivals(actions: readonly Action[]): ReadonlySet<Path> {
  return new Set(
    actions
      .filter(arrives)
      .flatMap(({ path }) => ['', ...ancestorsOf(path).filter((folder) => `${folder}/` !== path)]),
  )
}

/**
 * On a disk that takes names for one another, a name that is here wins, then the one that comes first in the order of keys; what folds together
 * with it stays where it is, as a problem. A file on its way out gives its name over: that is how others change the case of a name.
 *
 * @param names of each folder that is here, as keys write them
 */
export function separateFolded(
  actions: readonly Action[],
  names: ReadonlyMap<Path, readonly string[]>,
  folding: Folding,
): { readonly actions: readonly Action[]; readonly problems: readonly Problem[] } {
  const leaving = new Set(
    actions.flatMap((action) => {
      if (action.kind === 'remove-local') return [diskPath(action.path)]
      return action.kind === 'move-local' ? [action.source] : []
    }),
  )
  const claims = new Map<Path, Map<string, string>>()
  const claimsIn = (folder: Path): Map<string, string> => {
    let claimed = claims.get(folder)
    if (claimed === undefined) {
      claimed = new Map((names.get(folder) ?? []).map((name) => [foldName(name, folding), name]))
      claims.set(folder, claimed)
    }
    return claimed
  }
  const problems: Problem[] = []
  const blocked = new Set<Action>()
  for (const action of actions.filter(arrives).toSorted((a, b) => compareKeys(a.path, b.path))) {
    const segments = diskPath(action.path).split('/')
    let folder = ''
    let clash = false
    for (const [index, segment] of segments.entries()) {
      const claimed = claimsIn(folder).get(foldName(segment, folding))
      const givesWay =
        claimed !== undefined &&
        index === segments.length - 1 &&
        leaving.has(joinPath(folder, claimed))
      if (claimed !== undefined && claimed !== segment && !givesWay) clash = true
      folder = joinPath(folder, segment)
    }
    if (clash) {
      blocked.add(action)
      problems.push({ path: action.path, code: 'name-folds' })
      continue
    }
    folder = ''
    for (const segment of segments) {
      claimsIn(folder).set(foldName(segment, folding), segment)
      folder = joinPath(folder, segment)
    }
  }
  if (blocked.size === 0) return { actions, problems }
  return { actions: actions.filter((action) => !blocked.has(action)), problems }
}
