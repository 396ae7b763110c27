import { DEFAULT_RETENTION } from '../decide/retention.ts'
import { inFlightFor, MOST_JOBS } from '../remote/in-flight.ts'
import { DEFAULT_SYMLINKS } from '../state/config.ts'
import { openState } from '../state/open-state.ts'
import type { Machine, RunOptions, RunReport } from './api.ts'
import { overlapsOf } from './nested-remote.ts'
import { openBareRemote } from './open-remote.ts'
import { lockRepository, type Repository } from './repository.ts'
import { sync } from './sync.ts'

/** One run of sync, pull or push: takes the lock, opens the remote, runs, lets go. */
export async function syncRepository(
  machine: Machine,
  repository: Repository,
  options: RunOptions,
): Promise<RunReport> {
  const { disk, config } = repository
  const release = await lockRepository(machine, repository, options)
  try {
    const state = await openState(disk, machine.world)
    options.onEvent({ type: 'phase', phase: 'opening' })
    const asked = options.jobs ?? config.jobs
    await using provider = await openBareRemote(machine, repository, {
      jobs: asked ?? MOST_JOBS,
      signal: options.signal,
      onEvent: options.onEvent,
    })
    const { all: jobs, writes } =
      asked === undefined ? inFlightFor(provider.quickest) : { all: asked, writes: asked }
    return await sync(
      {
        disk,
        provider,
        world: machine.world,
        state,
        author: config.author ?? machine.author,
        remote: config.remote,
        ...(config.repository === undefined ? {} : { identity: config.repository }),
        policy: config.conflicts ?? 'manual',
        retention: { ...DEFAULT_RETENTION, ...config.trash },
        ignore: config,
        overlaps: await overlapsOf(machine, repository),
        symlinks: config.symlinks ?? DEFAULT_SYMLINKS,
        writes,
      },
      {
        ...options,
        jobs,
        ...(options.maxDelete === undefined && config.maxDelete !== undefined
          ? { maxDelete: config.maxDelete }
          : {}),
      },
    )
  } finally {
    await release()
  }
}
