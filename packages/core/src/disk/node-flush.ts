import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { joinPath, parentOf } from '../model/path.ts'
import { errnoOf, translate } from './node-errors.ts'

const openAsync = promisify(fs.open)
const closeAsync = promisify(fs.close)
const fsyncAsync = promisify(fs.fsync)

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants
/** Above, one flush of the file system is cheaper: 10,000 files take 0.25 s by it, and 7 to 10 s one by one. */
const FEW = 16
const AT_ONCE = 8

/** Makes these paths and the folders above them survive a power cut. Paths are relative to the root. */
export async function flushPaths(root: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  if (paths.length > FEW && (await flushFileSystem(root))) return
  const all = new Set<string>(paths)
  for (const path of paths)
    for (let folder = path; folder !== '';) all.add((folder = parentOf(folder)))
  const queue = [...all]
  const failures: { readonly path: string; readonly error: unknown }[] = []
  const worker = async (): Promise<void> => {
    for (let path = queue.pop(); path !== undefined && failures.length === 0; path = queue.pop())
      await flushOne(root, path).catch((error: unknown) => failures.push({ path, error }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (failures.length === 0) return
  const lost = failures.find(({ error }) => !(error instanceof Unopened))
  if (lost !== undefined) throw translate(lost.error, lost.path)
  // One that we may write but not read becomes a problem of its own, and holds back no other.
  await flushEverything(root)
}

/** A file that cannot be opened for it cannot be flushed by its name; its file system still can. */
class Unopened extends Error {
  constructor(cause: unknown) {
    super('it cannot be opened', { cause })
  }
}

/**
 * The file system of the root. Where Linux cannot be asked for that alone (a container without `sync`, no more processes) or has failed, everything below the root,
 * one by one: that also says which file it was. Elsewhere all file systems, since there one by one takes milliseconds each.
 */
export async function flushEverything(root: string): Promise<void> {
  if (await flushFileSystem(root)) return
  if (process.platform === 'linux') return flushBelow(root, '')
  await new Promise<void>((resolve, reject) => {
    execFile('sync', [], (error) => {
      if (error === null) resolve()
      else reject(translate(error, ''))
    })
  })
}

/** What may not be read is nothing that lsync wrote, or sent. */
async function flushBelow(root: string, folder: string): Promise<void> {
  try {
    await flushOne(root, folder)
    for (const item of await readdir(`${root}/${folder}`, { withFileTypes: true })) {
      const path = joinPath(folder, item.name)
      if (item.isDirectory()) await flushBelow(root, path)
      else if (item.isFile()) await flushOne(root, path).catch(unlessUnreadable(path))
    }
  } catch (error) {
    unlessUnreadable(folder)(error)
  }
}

/** Gone meanwhile, too. */
function unlessUnreadable(path: string): (error: unknown) => void {
  return (thrown) => {
    const error = thrown instanceof Unopened ? thrown.cause : thrown
    if (!['EACCES', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? ''))
      throw translate(error, path)
  }
}

async function flushOne(root: string, path: string): Promise<void> {
  let descriptor: number
  try {
    descriptor = await openAsync(`${root}/${path}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    // Gone meanwhile, or something that holds no data of its own (a link, a socket): its folder is flushed.
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return
    throw new Unopened(error)
  }
  try {
    await fsyncAsync(descriptor)
  } catch (error) {
    // What cannot be flushed at all (a pipe, a folder on some network file systems) says so by EINVAL.
    if (errnoOf(error) !== 'EINVAL') throw error
  } finally {
    await closeAsync(descriptor)
  }
}

/** By `sync -f`, the only way to syncfs(2) from here. False where that is not to be had. */
function flushFileSystem(root: string): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false)
  return new Promise((resolve) => {
    execFile('sync', ['-f', root], (error) => resolve(error === null))
  })
}
