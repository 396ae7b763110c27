import { contentOf, isFolder, type Tree } from './trees.ts'

/** What a sync of the whole repository, with nothing beside it, comes to. */
export interface Expected {
  readonly local: Tree
  readonly remote: Tree
  readonly conflicts: readonly string[]
}

interface Sides {
  readonly base: Tree
  readonly local: Tree
  readonly remote: Tree
}

interface Merged {
  readonly tree: Map<string, string>
  /** Places that a person has to decide on: at and below them nothing is done. */
  readonly conflicts: Set<string>
}

/**
 * What the promises say of a sync, told of whole trees at once; of the engine's own words, tables and order of work this knows nothing. Where a person
 * has to decide, both sides stay what they are.
 */
export function expected(base: Tree, local: Tree, remote: Tree): Expected {
  const sides = { base, local, remote }
  /** What stays as it is on both sides until something else is decided. */
  const standing = new Set<string>()
  const saved = new Set<string>()
  for (;;) {
    const merged = mergePaths(sides, standing)
    for (const path of saved) merged.tree.set(path, local.get(path) ?? remote.get(path) ?? '')
    fillFolders(merged)
    placeFiles(merged, sides, standing)
    const before = saved.size + standing.size
    for (const path of waitingForPlaces(merged, sides, standing)) standing.add(path)
    for (const path of lastCopies(merged, sides, standing)) saved.add(path)
    if (saved.size + standing.size > before) continue
    const side = (own: Tree): Tree => {
      const isKept = (path: string): boolean => isOpen(merged, path) || standing.has(path)
      return withoutFilled(
        new Map([
          ...[...merged.tree].filter(([path]) => !isKept(path)),
          ...[...own].filter(([path]) => isKept(path)),
        ]),
      )
    }
    return {
      local: side(local),
      remote: side(remote),
      conflicts: [...merged.conflicts].toSorted(),
    }
  }
}

function isOpen({ conflicts }: Merged, path: string): boolean {
  return [...conflicts].some((place) => path === place || path.startsWith(`${place}/`))
}

/** What was removed here stays there while its content stands here only at places on which nothing is settled. */
function waitingForPlaces(
  merged: Merged,
  { base, local, remote }: Sides,
  standing: ReadonlySet<string>,
): readonly string[] {
  return [...remote.keys()].filter((path) => {
    const content = contentOf(base.get(path))
    if (isFolder(path) || local.has(path) || content === '0') return false
    if (content === undefined || contentOf(remote.get(path)) !== content) return false
    const appeared = [...local].filter(
      ([at, value]) => contentOf(value) === content && contentOf(base.get(at)) !== content,
    )
    return appeared.length > 0 && appeared.every(([at]) => isOpen(merged, at) || standing.has(at))
  })
}

/** Each path by itself. */
function mergePaths({ base, local, remote }: Sides, standing: ReadonlySet<string>): Merged {
  const tree = new Map<string, string>()
  const conflicts = new Set<string>()
  for (const path of new Set([...base.keys(), ...local.keys(), ...remote.keys()])) {
    if (standing.has(path)) continue
    const [was, here, there] = [base, local, remote].map((side) => side.get(path))
    // A mark that was there beside what is in the folder, as other tools make them: that something is in it here says nothing of the mark.
    const marked = isFilled(base, path) && isFilled(local, path) ? was : undefined
    const value = mergeValue(was, here ?? marked, there)
    if (value === 'conflict') conflicts.add(path)
    else if (value !== undefined) tree.set(path, value)
  }
  return { tree, conflicts }
}

function isFilled(tree: Tree, folder: string): boolean {
  return isFolder(folder) && [...tree.keys()].some((other) => isIn(other, folder))
}

function mergeValue(
  was: string | undefined,
  here: string | undefined,
  there: string | undefined,
): string | undefined {
  const [before, mine, theirs] = [was, here, there].map((value) => contentOf(value))
  const content = mine === theirs || theirs === before ? mine : mine === before ? theirs : undefined
  const survives = content ?? (mine === theirs ? undefined : (mine ?? theirs))
  if (mine !== undefined && theirs !== undefined && mine !== theirs)
    if (mine !== before && theirs !== before) return 'conflict'
  if (mine === before && theirs === undefined) return undefined
  if (theirs === before && mine === undefined) return undefined
  if (survives === undefined) return undefined
  return survives + (mergeBit(was, here, there) ? '*' : '')
}

/** The bit of the side that moved away from the base; where both are new, one that is set anywhere. */
function mergeBit(was?: string, here?: string, there?: string): boolean {
  const bit = (value: string | undefined): boolean => value?.endsWith('*') === true
  if (here === undefined || there === undefined) return bit(here ?? there)
  if (was === undefined) return bit(here) || bit(there)
  return bit(here) === bit(was) ? bit(there) : bit(here)
}

/**
 * Content that both sides held, and that the merge would lose: it was taken away here at one path and there at another. It stays where it was removed
 * there, and else it comes back where it was removed here. (Where it was replaced at both, it is in the trash.)
 */
function lastCopies(
  merged: Merged,
  { base, local, remote }: Sides,
  standing: ReadonlySet<string>,
): readonly string[] {
  const holds = (some: Tree, content: string): boolean =>
    [...some].some(
      ([path, value]) =>
        !isFolder(path) &&
        !isOpen(merged, path) &&
        !standing.has(path) &&
        contentOf(value) === content,
    )
  const removed = (from: Tree, other: Tree, content: string): readonly string[] =>
    [...other.keys()].filter(
      (path) =>
        !isFolder(path) &&
        !from.has(path) &&
        contentOf(other.get(path)) === content &&
        contentOf(base.get(path)) === content,
    )
  return [...new Set([...local.values()].map((value) => contentOf(value)))].flatMap((content) => {
    if (content === '' || content === '0') return []
    if (!holds(local, content) || !holds(remote, content) || holds(merged.tree, content)) return []
    const there = removed(remote, local, content)
    return there.length > 0 ? there : removed(local, remote, content)
  })
}

/** A folder that something comes into is not empty. */
function fillFolders({ tree }: Merged): void {
  for (const path of tree.keys())
    if (isFolder(path) && [...tree.keys()].some((other) => isIn(other, path))) tree.delete(path)
}

/** A file and a folder of its name cannot both be; an empty folder holds nothing, and gives way. */
function placeFiles(
  { tree, conflicts }: Merged,
  { local, remote }: Sides,
  standing: Set<string>,
): void {
  const taken = [...standing].filter((path) => local.has(path) || remote.has(path))
  for (const path of new Set([...tree.keys(), ...conflicts, ...taken])) {
    if (isFolder(path)) continue
    tree.delete(`${path}/`)
    // It cannot be sent, and is here all the same.
    if (standing.has(path)) standing.add(`${path}/`)
    const below = [...tree.keys(), ...conflicts, ...taken].filter((other) =>
      isIn(other, `${path}/`),
    )
    if (below.length === 0) continue
    for (const other of below) conflicts.delete(other)
    conflicts.add(path)
  }
}

export function withoutFilled(tree: Tree): Tree {
  return new Map(
    [...tree].filter(
      ([path]) => !isFolder(path) || ![...tree.keys()].some((other) => isIn(other, path)),
    ),
  )
}

function isIn(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder)
}
