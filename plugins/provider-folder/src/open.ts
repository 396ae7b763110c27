import { existsSync, statSync } from 'node:fs'
import { type OpenOptions, StorageError, type StorageProvider } from '@lsync/core/provider'
import { attemptRoot, errnoOf, noFolder, storageError } from './errors.ts'
import { flushWritten } from './flush.ts'
import { listObjects } from './list.ts'
import { Locks } from './lock.ts'
import { refuseOther } from './look.ts'
import { makeFolder } from './make-folder.ts'
import { probeFolder } from './probe.ts'
import { headOf, readObject } from './read.ts'
import { removeObject } from './remove.ts'
import { renewed } from './renew.ts'
import { type Target, writeObject } from './write.ts'

/** Of a file system, as long as no probe found otherwise. */
const ATOMIC = {
  create: 'atomic',
  replace: 'atomic',
  remove: 'atomic',
  commit: 'none',
  copy: 'none',
} as const

/** Opens the folder; only `init` (`create`) makes one: a vanished mount must not read as an empty remote. */
export async function openFolder(
  root: string,
  { signal, create, known }: OpenOptions,
): Promise<StorageProvider> {
  signal.throwIfAborted()
  if (create === true) attemptRoot(root, () => makeRoot(root))
  const stat = attemptRoot(root, () => statSync(root, { throwIfNoEntry: false }))
  if (stat?.isDirectory() !== true) throw noFolder(`there is no folder ${root}`)
  const locks = new Locks(root)
  let unflushed: string[] = []
  const target: Target = {
    root,
    locks,
    written(path) {
      unflushed.push(path)
    },
  }
  const sameRoot = (): void => {
    const now = attemptRoot(root, () => statSync(root, { throwIfNoEntry: false }))
    if (now?.ino !== stat.ino || now.dev !== stat.dev)
      throw noFolder(`the folder ${root} went away`)
  }

  const provider: StorageProvider = {
    guarantees: known?.guarantees ?? ATOMIC,
    listsFolders: true,
    list: (range, options) => listObjects(root, sameRoot, range, options),
    head: (key, options) =>
      translated(key, options.signal, async () => {
        options.signal.throwIfAborted()
        // First: below a link to a folder there may be what looks like an object.
        if (options.beforeRemoval === true) refuseOther(root, key)
        const info = headOf(root, key)
        return info === undefined ? undefined : renewed(root, locks, key, info, options)
      }),
    read: (key, options) => translated(key, options.signal, () => readObject(root, key, options)),
    write: (key, source, options) =>
      translated(key, options.signal, () => writeObject(target, key, source, options)),
    remove: (key, options) =>
      translated(key, options.signal, () => removeObject(root, locks, key, options)),
    async flush() {
      const paths = unflushed
      unflushed = []
      try {
        await flushWritten(root, paths)
      } catch (error) {
        throw storageError(root, error)
      }
    },
    probe: (options) =>
      translated(root, options.signal, () => probeFolder(root, provider, options)),
    async [Symbol.asyncDispose]() {
      locks[Symbol.dispose]()
    },
  }
  return provider
}

function makeRoot(root: string): void {
  try {
    makeFolder(root)
  } catch (error) {
    // A link that leads nowhere, to a disk that is not mounted, say, is no folder, and no file either.
    if (errnoOf(error) !== 'EEXIST' || existsSync(root)) throw error
  }
}

async function translated<T>(
  key: string,
  signal: AbortSignal,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof StorageError ? error : storageError(key, error)
  }
}
