import type { Path, Row } from '../model/entry.ts'
import { normalizeScopes } from '../model/path.ts'
import { openState } from '../state/open-state.ts'
import type { Machine } from './api.ts'
import { refuseUnknown } from './nowhere.ts'
import { lockRepository, type Repository } from './repository.ts'

/** What the database knows, in key order; LsyncError `bad-path` for a path that is neither there nor here. */
export async function* listRows(
  machine: Machine,
  repository: Repository,
  paths: readonly Path[],
  signal: AbortSignal,
): AsyncGenerator<Row> {
  const release = await lockRepository(machine, repository, 0, signal, { reading: true })
  try {
    const state = await openState(repository.disk, machine.world)
    await refuseUnknown(repository.disk, state, paths)
    for await (const page of state.rows(normalizeScopes(paths))) yield* page
  } finally {
    await release()
  }
}
