import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clones } from './two-clones.ts'

export const read = (folder: string, path: string): string =>
  readFileSync(join(folder, path), 'utf8')
export const write = (folder: string, path: string, text: string): void =>
  writeFileSync(join(folder, path), text)

export async function pair() {
  const both = await clones(2)
  const [a = '', b = ''] = both.folders
  return { ...both, a, b, [Symbol.dispose]: () => both[Symbol.dispose]() }
}
