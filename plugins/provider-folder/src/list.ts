import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import {
  compareKeys,
  type CallOptions,
  type ListRange,
  type ObjectInfo,
} from '@lsync/core/provider'
import { attempt, errnoOf, storageError } from './errors.ts'
import { FOLDERS, MARK, STORE } from './layout.ts'
import { statOf } from './look.ts'
import { listedInfo } from './metadata.ts'
import { STABLE_FOLDER } from './read.ts'
import { folderInfo } from './write.ts'

const PAGE = 1000

/**
 * Walks the folder in key order: names sorted with a slash behind those of folders, depth first. Complete, or it throws: a folder that cannot
 * be read ends the listing. Links and special files are no objects.
 */
export async function* listObjects(
  root: string,
  sameRoot: () => void,
  range: ListRange,
  { signal }: CallOptions,
): AsyncIterable<readonly ObjectInfo[]> {
  sameRoot()
  const walk: Walk = { root, sameRoot, range, signal, page: [] }
  for await (const _ of below(walk, '')) {
    yield walk.page
    walk.page = []
  }
  signal.throwIfAborted()
  sameRoot()
  if (walk.page.length > 0) yield walk.page
}

/** What a folder holds; undefined for one that another client emptied meanwhile, and removed with its last file. */
function readFolder({ root, sameRoot }: Walk, folder: string, place: string): Entry[] | undefined {
  try {
    return entriesOf(place)
  } catch (error) {
    sameRoot()
    if (folder !== '' && errnoOf(error) === 'ENOENT') return undefined
    throw storageError(folder || root, error)
  }
}

interface Entry {
  readonly name: string
  /** Undefined for what is no object. */
  readonly kind: 'file' | 'folder' | undefined
}

function entriesOf(place: string): Entry[] {
  try {
    return readdirSync(place, { withFileTypes: true }).map((item) => entryOf(item.name, item))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    // Where the disk tells no kinds (NFS and FUSE now and then, XFS and ext4 that were made so), Node looks at each name, and fails as if the folder
    // were gone if another client removed one of them meanwhile.
    return readdirSync(place).flatMap((name) => {
      const stat = lstatSync(join(place, name), { throwIfNoEntry: false })
      return stat === undefined ? [] : [entryOf(name, stat)]
    })
  }
}

function entryOf(name: string, item: Dirent | Stats): Entry {
  return { name, kind: item.isDirectory() ? 'folder' : item.isFile() ? 'file' : undefined }
}

interface Walk {
  readonly root: string
  /** Throws if the root is not the folder any more that was opened: a disk that went away must not read as an empty one. */
  readonly sameRoot: () => void
  readonly range: ListRange
  readonly signal: AbortSignal
  page: ObjectInfo[]
}

async function* below(walk: Walk, folder: string): AsyncGenerator<void> {
  const { root, signal } = walk
  signal.throwIfAborted()
  const place = folder === '' ? root : join(root, folder)
  const entries = readFolder(walk, folder, place)
  if (entries === undefined) return
  if (folder !== '') {
    const mark = attempt(folder, () => statOf(join(root, FOLDERS, folder.slice(0, -1), MARK)))
    if (wanted(walk, folder)) {
      if (mark !== undefined) push(walk, folderInfo(folder, mark))
      else if (entries.length === 0) {
        const stat = attempt(folder, () =>
          lstatSync(place, { bigint: true, throwIfNoEntry: false }),
        )
        if (stat?.isDirectory() === true)
          push(walk, { ...folderInfo(folder, stat), ...STABLE_FOLDER })
      }
    }
  }
  const names = entries
    .filter(({ kind }) => kind !== undefined)
    .map(({ name, kind }) => `${folder}${name}${kind === 'folder' ? '/' : ''}`)
    .toSorted(compareKeys)
  for (const key of names) {
    if (key === `${STORE}/`) continue
    if (key.endsWith('/')) {
      if (mayHold(walk, key)) yield* below(walk, key)
      continue
    }
    if (!wanted(walk, key)) continue
    const stat = attempt(key, () =>
      lstatSync(join(root, key), { bigint: true, throwIfNoEntry: false }),
    )
    if (stat?.isFile() !== true) continue
    push(walk, listedInfo(key, stat))
    if (walk.page.length >= PAGE) {
      yield
      await yieldToOthers()
      signal.throwIfAborted()
    }
  }
}

function push(walk: Walk, { metadata: _metadata, ...info }: ObjectInfo): void {
  walk.page.push(info)
}

function wanted({ range: { prefix, after, before } }: Walk, key: string): boolean {
  return (
    key.startsWith(prefix) &&
    (after === undefined || compareKeys(key, after) > 0) &&
    (before === undefined || compareKeys(key, before) < 0)
  )
}

/** Whether a folder's keys can be in the range: all of them begin with its name. */
function mayHold({ range: { prefix, after, before } }: Walk, folder: string): boolean {
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false
  if (before !== undefined && compareKeys(folder, before) >= 0) return false
  return after === undefined || after.startsWith(folder) || compareKeys(folder, after) > 0
}
