import { nameOf } from '../model/path.ts'
import { compareKeys } from '../provider/index.ts'

/** Content with a name, on its way out or in. Empty files never move: they are all alike. */
export interface Holder {
  readonly path: string
  readonly sha256: string
  readonly inode: number | undefined
}

/** Each group in the order of the paths. */
export function groupByContent(holders: readonly Holder[]): Map<string, Holder[]> {
  const groups = new Map<string, Holder[]>()
  for (const holder of holders) {
    const group = groups.get(holder.sha256)
    if (group === undefined) groups.set(holder.sha256, [holder])
    else group.push(holder)
  }
  for (const group of groups.values()) group.sort((a, b) => compareKeys(a.path, b.path))
  return groups
}

/** Which source became which destination; what is left over on either side has no partner. */
export function pair(leaving: readonly Holder[], arriving: readonly Holder[]): Map<string, string> {
  const pairs = new Map<string, string>()
  const targets = groupByContent(arriving)
  for (const [sha256, sources] of groupByContent(leaving)) {
    const group = targets.get(sha256) ?? []
    const taken = new Set<Holder>()
    for (const likeness of LIKENESSES) {
      const free = new Map<string | number, Holder[]>()
      // Taken from the end, so that the first path comes first.
      for (const target of group.toReversed()) {
        const key = likeness(target)
        if (key === undefined || taken.has(target)) continue
        const alike = free.get(key)
        if (alike === undefined) free.set(key, [target])
        else alike.push(target)
      }
      for (const source of sources) {
        const key = likeness(source)
        if (key === undefined || pairs.has(source.path)) continue
        const target = free.get(key)?.pop()
        if (target === undefined) continue
        pairs.set(source.path, target.path)
        taken.add(target)
      }
    }
  }
  return pairs
}

/** Best first. Inodes are reused at once by some file systems: among files of one content that does no harm. */
const LIKENESSES: readonly ((holder: Holder) => string | number | undefined)[] = [
  ({ inode }) => inode,
  ({ path }) => nameOf(path),
  () => '',
]
