import type { Path, Row } from '../model/entry.ts'
import type { OnEvent } from '../model/events.ts'
import { normalizeScopes } from '../model/path.ts'
import { openState } from '../state/open-state.ts'
import type { Machine } from './api.ts'
import { refuseUnknown, tellLeftOutByRules } from './nowhere.ts'
import { lockRepository, type Repository } from './repository.ts'

/** What the database knows, in key order; LsyncError `bad-path` for a path of which it knows nothing, and that is not here or in a repository within this one. */
export async function* listRows(
  machine: Machine,
  repository: Repository,
  paths: readonly Path[],
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnEvent },
): AsyncGenerator<Row> {
  const { disk, config } = repository
  const release = await lockRepository(machine, repository, { reading: true, signal })
  try {
    const state = await openState(disk, machine.world)
    const scopes = normalizeScopes(paths)
    await refuseUnknown(disk, state, paths)
    await tellLeftOutByRules(disk, config, scopes, onEvent)
    for await (const page of state.rows(scopes)) yield* page
  } finally {
    await release()
  }
}
