import fs from 'node:fs'
import type { FolderItem } from './disk.ts'
import { errnoOf } from './node-errors.ts'
import { kindOf } from './node-stat.ts'

/** What is in a folder. */
export function itemsOf(folder: string): FolderItem[] {
  try {
    const items = fs.readdirSync(folder, { withFileTypes: true })
    if (!items.some(({ name }) => name.includes('\u{FFFD}')))
      return items.map((item) => ({ name: item.name, kind: kindOf(item), nameable: true }))
    // A replacement character may stand there itself, or for bytes that are no UTF-8: only the bytes tell.
    return fs
      .readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })
      .map((item) => ({ ...named(item.name), kind: kindOf(item) }))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return oneByOne(folder)
  }
}

/**
 * Where the disk tells no kinds (NFS and FUSE now and then, XFS and ext4 that were made so), Node looks at each name, and fails as if the folder were gone
 * if one of them went meanwhile, or is no UTF-8.
 */
function oneByOne(folder: string): FolderItem[] {
  return fs.readdirSync(folder, { encoding: 'buffer' }).flatMap((bytes) => {
    const stat = fs.lstatSync(Buffer.concat([Buffer.from(`${folder}/`), bytes]), MAY_BE_GONE)
    return stat === undefined ? [] : [{ ...named(bytes), kind: kindOf(stat) }]
  })
}

const MAY_BE_GONE = { throwIfNoEntry: false } as const

function named(bytes: Buffer): Pick<FolderItem, 'name' | 'nameable'> {
  const name = bytes.toString()
  return { name, nameable: Buffer.from(name).equals(bytes) }
}
