import type { MemoryDisk } from '../whole-engine/memory-disk.ts'
import { withoutFilled } from './expected.ts'
import { contentOf, isFolder, letterOf, textOfTree, type Tree } from './trees.ts'

/** What both sides agreed on, and what they have become since. */
export interface Difference {
  readonly base: Tree
  readonly local: Tree
  readonly remote: Tree
}

export function describeDifference({ base, local, remote }: Difference): string {
  return `[${textOfTree(base)} | ${textOfTree(local)} | ${textOfTree(remote)}]`
}

/** Both sides and the conflicts, in one line. */
export function describeSides(local: Tree, remote: Tree, conflicts: readonly string[]): string {
  return `${textOfTree(local)} ; ${textOfTree(withoutFilled(remote))} ; ${conflicts.join(' ')}`
}

/** A file, and something below its name: a store takes both, and no disk can. (The mark of an empty folder gives way.) */
export function isClashing(tree: Tree): boolean {
  const isBelow = (path: string, file: string): boolean =>
    path.startsWith(`${file}/`) && path !== `${file}/`
  return [...tree.keys()].some(
    (file) => !isFolder(file) && [...tree.keys()].some((path) => isBelow(path, file)),
  )
}

/** Contents that a side held, that no side holds any more, nor any trash, and that nobody here removed knowing them. */
export function lostContents(
  before: Difference,
  after: { readonly remote: Tree; readonly disks: readonly MemoryDisk[] },
): readonly string[] {
  const alive = contents(after.remote)
  for (const disk of after.disks) for (const text of disk.contents()) alive.add(letterOf(text))
  const here = contents(before.local)
  return [...new Set([...here, ...contents(before.remote)])].filter(
    (content) =>
      content !== '0' &&
      !alive.has(content) &&
      !(!here.has(content) && isRemovedKnowingly(content, before)),
  )
}

function isRemovedKnowingly(content: string, { base, remote }: Difference): boolean {
  return [...remote].every(
    ([path, value]) =>
      contentOf(value) !== content || isFolder(path) || contentOf(base.get(path)) === content,
  )
}

function contents(tree: Tree): Set<string> {
  return new Set([...tree].flatMap(([path, value]) => (isFolder(path) ? [] : [contentOf(value)])))
}
