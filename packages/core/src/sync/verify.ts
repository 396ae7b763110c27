import { DiskError } from '../disk/disk.ts'
import { runPool } from '../execute/pool.ts'
import type { Path, Row } from '../model/entry.ts'
import type { OnEvent } from '../model/events.ts'
import { diskPath, normalizeScopes } from '../model/path.ts'
import { isStorageError, type StorageProvider } from '../provider/index.ts'
import { DEFAULT_JOBS } from '../remote/in-flight.ts'
import { hashFile, sha256Of } from '../scan/hash.ts'
import { openState } from '../state/open-state.ts'
import type { Machine } from './api.ts'
import { hashRemote } from './gather.ts'
import { refuseInner, refuseUnknown, tellLeftOutByRules } from './nowhere.ts'
import { openRemote } from './open-remote.ts'
import { lockRepository, type Repository } from './repository.ts'

export interface VerifyOptions {
  readonly paths: readonly Path[]
  /** Read every byte on both sides; else sizes, times and what the listing tells. */
  readonly deep: boolean
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

export interface Difference {
  readonly path: Path
  readonly side: 'local' | 'remote'
  readonly kind: 'missing' | 'differs' | 'unreadable'
}

export interface Verified {
  readonly checked: number
  readonly differences: readonly Difference[]
}

/** Compares both sides with what the database says. Changes nothing. LsyncError `bad-path` for a path that is neither there nor here, or in a repository within this one. */
export async function verifyRepository(
  machine: Machine,
  repository: Repository,
  options: VerifyOptions,
): Promise<Verified> {
  const { signal, onEvent } = options
  const release = await lockRepository(machine, repository, { reading: true, signal })
  try {
    const { disk, config } = repository
    const state = await openState(disk, machine.world)
    const scopes = normalizeScopes(options.paths)
    for (const path of scopes) await refuseInner(disk, path)
    await refuseUnknown(disk, state, options.paths)
    await tellLeftOutByRules(disk, config, scopes, onEvent)
    const jobs = DEFAULT_JOBS
    await using provider = await openRemote(machine, repository, { jobs, signal, onEvent })
    const differences: Difference[] = []
    let checked = 0
    async function* rows(): AsyncGenerator<Row> {
      for await (const page of state.rows(scopes))
        yield* page.filter(({ entry }) => entry.frozen !== true)
    }
    await runPool(rows(), jobs, signal, async (row, aborted) => {
      const local = await checkLocal(repository, row, options.deep, aborted)
      if (local !== undefined) differences.push({ path: row.path, side: 'local', kind: local })
      const remote = await checkRemote(provider, row, options.deep, aborted)
      if (remote !== undefined) differences.push({ path: row.path, side: 'remote', kind: remote })
      checked++
      onEvent({ type: 'seen', local: checked, remote: checked })
    })
    return { checked, differences: differences.toSorted((a, b) => (a.path < b.path ? -1 : 1)) }
  } finally {
    await release()
  }
}

async function checkLocal(
  { disk }: Repository,
  { path, entry }: Row,
  deep: boolean,
  signal: AbortSignal,
): Promise<Difference['kind'] | undefined> {
  try {
    const stat = await disk.stat(diskPath(path))
    if (entry.type === 'folder') return stat?.kind === 'folder' ? undefined : 'missing'
    if (stat === undefined) return 'missing'
    if (stat.kind !== entry.type || stat.size !== entry.size) return 'differs'
    const same = entry.local?.mtime === stat.mtime && entry.local.ctime === stat.ctime
    if (same && !deep) return undefined
    if (entry.type === 'link')
      return sha256Of(await disk.readLink(path)) === entry.sha256 ? undefined : 'differs'
    await using file = await disk.open(path)
    const { sha256 } = await hashFile(file, stat.size, [], signal)
    return sha256 === entry.sha256 ? undefined : 'differs'
  } catch (error) {
    if (error instanceof DiskError) return 'unreadable'
    throw error
  }
}

async function checkRemote(
  provider: StorageProvider,
  { path, entry }: Row,
  deep: boolean,
  signal: AbortSignal,
): Promise<Difference['kind'] | undefined> {
  try {
    const info = await provider.head(path, { signal })
    if (info === undefined) return 'missing'
    if (entry.type === 'folder') return undefined
    if (!deep) return info.version === entry.remote.version ? undefined : 'differs'
    const sha256 = await hashRemote({ provider }, info, signal)
    return sha256 === entry.sha256 ? undefined : 'differs'
  } catch (error) {
    if (isStorageError(error) && (error.code === 'unreadable' || error.code === 'not-found'))
      return 'unreadable'
    throw error
  }
}
