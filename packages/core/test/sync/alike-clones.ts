import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { RunReport } from '../../src/index.ts'
import { clones } from './two-clones.ts'

export type Tree = Readonly<Record<string, string>>

/** Two clones that hold the same files. */
export async function pair(tree: Tree, kind?: Parameters<typeof clones>[1]) {
  const both = await clones(2, kind)
  const [a = '', b = ''] = both.folders
  for (const [path, text] of Object.entries(tree)) write(a, path, text)
  await both.sync(0)
  await both.sync(1)
  const keys = (): readonly string[] =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  /** Both sync until nothing is left to do, and hold what the remote holds. */
  const settle = async (): Promise<Tree> => {
    for (const index of [0, 1, 0, 1]) await both.sync(index)
    for (const index of [0, 1]) expect(work(await both.sync(index))).toBe(0)
    const here = treeOf(a)
    expect(treeOf(b)).toEqual(here)
    expect(keys()).toEqual(Object.keys(here).toSorted())
    return here
  }
  return { ...both, a, b, keys, settle, [Symbol.dispose]: () => both[Symbol.dispose]() }
}

export function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

export function move(folder: string, from: string, to: string): void {
  mkdirSync(dirname(join(folder, to)), { recursive: true })
  renameSync(join(folder, from), join(folder, to))
}

export function treeOf(folder: string): Tree {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('.lsync/'))
  return Object.fromEntries(
    files.toSorted().map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  )
}

function work({ totals, conflicts }: RunReport): number {
  const { uploaded, downloaded, removedLocally, removedRemotely, moved } = totals
  return (
    uploaded.files + downloaded.files + removedLocally + removedRemotely + moved + conflicts.length
  )
}
