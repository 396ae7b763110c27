import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import { setInConfig } from '../state/edit-config.ts'
import { CONFIG, DATABASE, JOURNAL, NESTED } from '../state/layout.ts'
import { openState } from '../state/open-state.ts'
import { writeRemoteReport } from '../state/remote-report.ts'
import type { Machine } from './api.ts'
import { readIdentity } from './identity.ts'
import { moduleFor, schemeOf } from './modules.ts'
import { makeOurs, refuseOverlaps } from './new-remote.ts'
import { openNewRemote } from './open-remote.ts'
import { repair } from './repair.ts'
import { lockRepository, type Repository } from './repository.ts'

export interface RemoteChange {
  /** As it stands in the configuration now. */
  readonly remote: string
  /** True where it is another repository's, or was nobody's: all files are compared by content again. */
  readonly other: boolean
}

/**
 * Lets a repository sync with another place from now on. A place with the identity of this repository is the same remote under another address:
 * what was agreed with it holds. Any other is refused (LsyncError `other-remote`), unless it is allowed; then what both sides agreed on is
 * forgotten, since it says nothing of that place: nothing there reads as removed.
 */
export async function changeRemote(
  machine: Machine,
  repository: Repository,
  options: {
    /** As the person wrote it, with a scheme. */
    readonly remote: string
    readonly allowOther: boolean
    readonly signal: AbortSignal
    readonly onEvent: OnEvent
  },
): Promise<RemoteChange> {
  const { root, disk, config } = repository
  const { signal, onEvent, allowOther } = options
  const { settings } = config
  const release = await lockRepository(machine, repository, 0, signal)
  try {
    const module = await moduleFor(machine, schemeOf(options.remote))
    const remote = module.normalize(options.remote, { folder: root })
    if (remote === config.remote) return { remote, other: false }
    await refuseOverlaps(machine, module, { folder: root, remote, settings })
    await using provider = await openNewRemote(machine, module, remote, {
      settings,
      signal,
      onEvent,
      create: allowOther,
    })
    const known = (await readIdentity(provider, signal))?.id
    const other = known === undefined || known !== config.repository
    if (other && !allowOther)
      throw new LsyncError('other-remote', `${remote} is not the remote of this repository`, {
        remote,
        ...(known === undefined ? {} : { id: known }),
      })
    // Before that place is known as ours: cut off in between, the next try would take what was agreed with the old one for what was agreed with it.
    if (other) {
      // First what a dead run left open: its journal is about to go.
      await repair(disk, await openState(disk, machine.world), signal)
      for (const file of [JOURNAL, DATABASE, NESTED])
        if ((await disk.stat(file)) !== undefined) await disk.remove(file)
    }
    const { id, report } = await makeOurs(machine, provider, known, {
      signal,
      onEvent,
      wanted: config.repository,
    })
    if (report !== undefined) await writeRemoteReport(disk, remote, machine.world.now(), report)
    // Last: until it is written, the repository syncs with the old one, and has only forgotten what can be found out again.
    const text = setInConfig((await disk.readText(CONFIG)) ?? '', CONFIG, 'remote', remote)
    await disk.replaceText(
      CONFIG,
      id === undefined ? text : setInConfig(text, CONFIG, 'repository', id),
    )
    return { remote, other }
  } finally {
    await release()
  }
}
