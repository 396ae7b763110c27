import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { clones } from './two-clones.ts'

export const read = (folder: string, path: string): string =>
  readFileSync(join(folder, path), 'utf8')
export const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
export const link = (folder: string, path: string, target: string): void =>
  symlinkSync(target, join(folder, path))
export const LINK = { type: 'link' }
export const IDLE = {
  conflicts: [],
  problems: [],
  totals: {
    uploaded: { files: 0 },
    downloaded: { files: 0 },
    removedLocally: 0,
    removedRemotely: 0,
  },
}

/** Two clones, and a folder that is none of lsync's business. */
export async function clonesWithLinks(
  policies: readonly ('skip' | 'store')[] = ['store', 'store'],
) {
  const outside = mkdtempSync(join(tmpdir(), 'lsync-outside-'))
  writeFileSync(join(outside, 'precious'), 'precious')
  const both = await clones(2)
  for (const [index, policy] of policies.entries()) await both.configure(index, 'symlinks', policy)
  const [a = '', b = ''] = both.folders
  const keys = (): string[] =>
    [...both.store.objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()
  return {
    ...both,
    a,
    b,
    keys,
    outside,
    [Symbol.dispose]() {
      both[Symbol.dispose]()
      rmSync(outside, { recursive: true })
    },
  }
}
