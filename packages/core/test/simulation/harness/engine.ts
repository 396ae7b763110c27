import type { World } from '../../../src/disk/clock.ts'
import type { Disk } from '../../../src/disk/disk.ts'
import type { ConflictPolicy, GuardName, SyncMode } from '../../../src/model/plan.ts'
import type { StorageProvider } from '../../../src/provider/index.ts'
import { openState } from '../../../src/state/open-state.ts'
import { type Holder, takeLock } from '../../../src/state/lock.ts'
import type { Row } from '../../../src/state/state.ts'
import { sync } from '../../../src/sync/sync.ts'

/** What a simulated machine gives to one run. */
export interface EngineContext {
  readonly name: string
  readonly disk: Disk
  readonly provider: StorageProvider
  readonly world: World
  readonly signal: AbortSignal
  readonly self: Holder
  readonly isAlive: (holder: Holder) => boolean
  readonly mode: SyncMode
  /** Empty = everything. */
  readonly paths: readonly string[]
  readonly policy: ConflictPolicy
  readonly allow: readonly GuardName[]
}

/** What a run says of itself, as far as a simulation asks. */
export interface EngineReport {
  readonly conflicts: readonly { readonly path: string; readonly kind: string }[]
  readonly problems: readonly { readonly path: string; readonly code: string }[]
  readonly halted: number
}

export interface Engine {
  run(context: EngineContext): Promise<EngineReport>
  /** The base as it would be read now; absent for an engine that keeps none. */
  rows?(disk: Disk, world: World): Promise<readonly Row[]>
}

/** The one place that knows how a run is started; the repository's configuration is left out, since parsing it costs more than the run. */
export const realEngine: Engine = {
  async run({ name, disk, provider, world, signal, self, isAlive, mode, paths, policy, allow }) {
    const release = await takeLock(disk, world, { self, isAlive, wait: 0, signal })
    try {
      const state = await openState(disk, world)
      const report = await sync(
        {
          disk,
          provider,
          world,
          state,
          author: name,
          remote: 'simulated://store',
          policy,
          ignored: () => false,
        },
        { mode, paths, dryRun: false, allow, jobs: 4, signal, onEvent: () => undefined },
      )
      return { ...report, halted: report.halted.length }
    } finally {
      await release()
    }
  },

  async rows(disk, world) {
    const state = await openState(disk, world)
    const rows: Row[] = []
    for await (const page of state.rows()) rows.push(...page)
    return rows
  },
}
