import { randomFillSync } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

const PER_FOLDER = 100

/** Files of random bytes, a hundred a folder, or all in one. */
export function makeTree(root: string, files: number, size: number, flat = false): void {
  const bytes = Buffer.alloc(size)
  mkdirSync(root, { recursive: true })
  for (let index = 0; index < files; index++) {
    const folder = flat ? root : join(root, `d${Math.floor(index / PER_FOLDER)}`)
    if (!flat && index % PER_FOLDER === 0) mkdirSync(folder)
    writeFileSync(join(folder, `f${String(index).padStart(7, '0')}`), randomFillSync(bytes))
  }
}

export function makeLarge(path: string, size: number): void {
  const bytes = Buffer.alloc(8 * 1024 * 1024)
  const file = openSync(path, 'w')
  for (let at = 0; at < size; at += bytes.length)
    writeSync(file, randomFillSync(bytes), 0, Math.min(bytes.length, size - at))
  closeSync(file)
}

/** What lies in a folder, lsync's own files aside. */
export function countTree(root: string): { readonly objects: number; readonly bytes: number } {
  let objects = 0
  let bytes = 0
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('.lsync')) continue
    objects++
    bytes += statSync(join(entry.parentPath, entry.name)).size
  }
  return { objects, bytes }
}
