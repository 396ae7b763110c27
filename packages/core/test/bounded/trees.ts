import { writeMetadata } from '../../src/model/metadata.ts'
import type { MemoryObject, MemoryStore } from '../../src/provider/index.ts'
import { sha256Of } from '../../src/scan/hash.ts'
import type { MemoryDisk } from '../whole-engine/memory-disk.ts'

/**
 * What a side holds: for each path one letter for its content, and `*` if it is executable. An empty folder is a path of its own, `d/`, and has none.
 */
export type Tree = ReadonlyMap<string, string>

/** Two of one length, a longer one, and nothing at all. */
const TEXTS: Readonly<Record<string, string>> = { 1: 'one', 2: 'two', 3: 'three', 0: '' }

export function textOf(letter: string): string {
  return TEXTS[letter] ?? letter
}

export function letterOf(text: string): string {
  return Object.keys(TEXTS).find((letter) => TEXTS[letter] === text) ?? text
}

export function letterOfDigest(sha256: string): string {
  const letter = Object.keys(TEXTS).find(
    (one) => sha256Of(new TextEncoder().encode(textOf(one))) === sha256,
  )
  return letter ?? sha256
}

export function isFolder(path: string): boolean {
  return path.endsWith('/')
}

/** All trees of these places: each is one of several small trees, whatever stands at the others. */
export function allTrees(places: readonly (readonly string[])[]): readonly Tree[] {
  let trees: readonly string[] = ['']
  for (const ways of places) trees = trees.flatMap((tree) => ways.map((way) => `${tree} ${way}`))
  return trees.map(treeFrom)
}

/** As `a=1 d/a=2* e/`. */
export function treeFrom(text: string): Tree {
  return new Map(
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => {
        const [path = '', value = ''] = word.split('=')
        return [path, value] as const
      }),
  )
}

export function textOfTree(tree: Tree): string {
  return [...tree]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, value]) => (isFolder(path) ? path : `${path}=${value}`))
    .join(' ')
}

export function treeOfDisk(disk: MemoryDisk): Tree {
  const tree = new Map<string, string>()
  const files = disk.files()
  for (const [path, text] of files)
    tree.set(path, letterOf(text) + (disk.peek(path)?.executable === true ? '*' : ''))
  const folders = disk.folders()
  for (const folder of folders)
    if (![...folders, ...files.keys()].some((path) => path.startsWith(`${folder}/`)))
      tree.set(`${folder}/`, '')
  return tree
}

export function treeOfStore({ objects }: MemoryStore): Tree {
  const tree = new Map<string, string>()
  for (const [key, { bytes, metadata }] of objects) {
    if (key.startsWith('.lsync/')) continue
    if (isFolder(key)) tree.set(key, '')
    else
      tree.set(
        key,
        letterOf(new TextDecoder().decode(bytes)) +
          (metadata.user['executable'] === 'true' ? '*' : ''),
      )
  }
  return tree
}

/** How a person's tools bring a tree about. */
export type Manner =
  /** What is new at a path is written anew; what is elsewhere is copied. */
  | 'fresh'
  /** Saved in place, where there is a file already. */
  | 'in-place'
  /** What was elsewhere is renamed, and keeps its inode. */
  | 'renamed'

/** A person makes this tree of what the disk holds. What is as it should be is not touched. */
export function makeOnDisk(disk: MemoryDisk, wanted: Tree, manner: Manner): void {
  const now = treeOfDisk(disk)
  const aside = new Map<string, string>()
  const changed = [...wanted].filter(
    ([path, value]) => !isFolder(path) && contentOf(now.get(path)) !== contentOf(value),
  )
  if (manner === 'renamed')
    for (const [path, value] of changed) {
      const source = [...now].find(
        ([from, held]) =>
          !isFolder(from) &&
          contentOf(held) === contentOf(value) &&
          contentOf(wanted.get(from)) !== contentOf(held) &&
          ![...aside.values()].includes(from),
      )
      if (source !== undefined) aside.set(path, source[0])
    }
  for (const [path, from] of aside) disk.move(from, asideOf(path))
  for (const [path, held] of now) {
    if (isFolder(path) || contentOf(wanted.get(path)) === contentOf(held)) continue
    if (manner !== 'in-place' || !wanted.has(path)) disk.delete(path)
  }
  // The deepest first.
  for (const folder of disk.folders().toSorted().toReversed())
    if (![...wanted.keys()].some((path) => path.startsWith(`${folder}/`))) disk.delete(folder)
  for (const [path, value] of changed)
    if (aside.has(path)) disk.move(asideOf(path), path)
    else disk.write(path, textOf(contentOf(value)))
  for (const [path, value] of wanted)
    if (isFolder(path)) disk.folder(path.slice(0, -1))
    else if (disk.peek(path)?.executable !== value.endsWith('*')) disk.flip(path)
}

function asideOf(path: string): string {
  return `~${path.replaceAll('/', '~')}`
}

/** Without the executable bit. */
export function contentOf(value: string): string
export function contentOf(value: string | undefined): string | undefined
export function contentOf(value: string | undefined): string | undefined {
  return value?.replace('*', '')
}

/** Another client, or another tool, makes this tree of what the store holds. */
export async function makeInStore(
  store: MemoryStore,
  wanted: Tree,
  mtime: number | undefined,
): Promise<void> {
  const objects = store.objects as Map<string, MemoryObject>
  const now = treeOfStore(store)
  for (const path of now.keys()) if (!wanted.has(path)) objects.delete(path)
  const { signal } = new AbortController()
  const provider = store.open()
  for (const [key, value] of wanted) {
    if (now.get(key) === value) continue
    objects.delete(key)
    const bytes = new TextEncoder().encode(isFolder(key) ? '' : textOf(contentOf(value)))
    const executable = value.endsWith('*')
    const metadata =
      mtime === undefined || isFolder(key)
        ? { user: executable ? { executable: 'true' } : {} }
        : writeMetadata(
            { mtime, executable, sha256: sha256Of(bytes), author: 'other', link: false },
            { user: {} },
          )
    await provider.write(
      key,
      {
        size: bytes.length,
        digests: {},
        async *open() {
          yield bytes
        },
      },
      { signal, expect: { kind: 'absent' }, metadata },
    )
  }
}
