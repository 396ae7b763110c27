import { type Disk, DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { LsyncError } from '../model/errors.ts'
import { parseConfig, type RepositoryConfig } from '../state/config.ts'
import { CONFIG, LSYNC } from '../state/layout.ts'
import { type LockOptions, takeLock } from '../state/lock.ts'
import { withUserConfig } from '../state/user-config.ts'
import type { Machine } from './api.ts'

/** A folder that is a repository, with its configuration read. */
export interface Repository {
  /** Absolute. */
  readonly root: string
  readonly disk: Disk
  readonly config: RepositoryConfig
}

/** Finds the repository that a folder is in, upwards. LsyncError `not-a-repository`. */
export async function openRepository(machine: Machine, start: string): Promise<Repository> {
  const segments = start.split('/')
  const inside = segments.indexOf(LSYNC)
  const from = inside < 0 ? segments : segments.slice(0, inside)
  for (let length = from.length; length > 0; length--) {
    const root = from.slice(0, length).join('/') || '/'
    const disk = machine.openDisk(root)
    const text = await disk.readText(CONFIG).catch((error: unknown) => {
      throw new LsyncError(
        'disk',
        `${root}/${CONFIG} cannot be read`,
        {
          path: `${root}/${CONFIG}`,
          ...(error instanceof DiskError ? { reason: error.message } : {}),
        },
        error,
      )
    })
    if (text !== undefined)
      return { root, disk, config: withUserConfig(parseConfig(text, CONFIG), machine.userConfig) }
  }
  throw new LsyncError('not-a-repository', `${start} is not in a repository`, { folder: start })
}

/** Without `wait`, a repository that is locked is told at once. */
interface Locking extends Pick<LockOptions, 'signal' | 'reading'> {
  readonly wait?: LockOptions['wait'] | undefined
}

/** @returns what releases it */
export function lockRepository(
  machine: Machine,
  { disk }: Repository,
  { wait = 0, reading = false, signal }: Locking,
): Promise<() => Promise<void>> {
  const { world, process: self, isAlive } = machine
  return takeLock(disk, world, { self, isAlive, wait, signal, reading })
}

/** The repository's path of an absolute one; LsyncError `outside-repository`. */
export function pathInRepository({ root }: Repository, absolute: string): Path {
  if (absolute === root) return ''
  const prefix = root === '/' ? '/' : `${root}/`
  if (!absolute.startsWith(prefix))
    throw new LsyncError('outside-repository', `${absolute} is not in ${root}`, {
      path: absolute,
      root,
    })
  const path = absolute.slice(prefix.length)
  if (path === LSYNC || path.startsWith(`${LSYNC}/`))
    throw new LsyncError('inside-lsync', `${absolute} is inside ${LSYNC}`, { folder: absolute })
  return path
}
