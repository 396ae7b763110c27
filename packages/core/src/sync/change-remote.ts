import type { Disk } from '../disk/disk.ts'
import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import { setIdentityInConfig, setInConfig } from '../state/edit-config.ts'
import { CONFIG, DATABASE, JOURNAL, NESTED } from '../state/layout.ts'
import { openState } from '../state/open-state.ts'
import { readFormerIds, writeRemoteReport } from '../state/remote-report.ts'
import type { Machine } from './api.ts'
import { changeConfig } from './change-config.ts'
import { type Identity, readIdentity } from './identity.ts'
import { moduleFor, schemeOf } from './modules.ts'
import { makeOurs, refuseOverlaps } from './new-remote.ts'
import { openNewRemote } from './open-remote.ts'
import { repair } from './repair.ts'
import { lockRepository, type Repository } from './repository.ts'

export interface RemoteChange {
  /** As it stands in the configuration now. */
  readonly remote: string
  /** True where it is another place than the one so far: all files are compared by content again. */
  readonly other: boolean
}

/**
 * Lets a repository sync with another place from now on. A place with the identity of this repository is the same remote under another address:
 * what was agreed with it holds. Any other is refused (LsyncError `other-remote`), unless it is allowed or was filled from the one so far; then
 * what both sides agreed on is forgotten, since it says nothing of that place: nothing there reads as removed.
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
  const release = await lockRepository(machine, repository, { signal })
  try {
    const module = await moduleFor(machine, schemeOf(options.remote))
    const remote = module.normalize(options.remote, { folder: root })
    await refuseOverlaps(machine, module, { folder: root, remote, settings })
    await using provider = await openNewRemote(machine, module, remote, {
      settings,
      signal,
      onEvent,
      create: allowOther,
    })
    const known = await readIdentity(provider, signal)
    // Also of the address so far: what lies there may have become another place. Without an identity to compare, the address is all that is known.
    const isAsBefore = config.repository === undefined && remote === config.remote
    const other = !isAsBefore && (known === undefined || known.id !== config.repository)
    if (!other && remote === config.remote && known?.id === config.repository)
      return { remote, other }
    if (other && !allowOther && !isFilledFrom(known, config.repository))
      throw new LsyncError('other-remote', `${remote} is not the remote of this repository`, {
        remote,
        ...(known === undefined ? {} : { id: known.id }),
      })
    const was = await placesSoFar(disk, config.repository)
    // Before that place is known as ours: cut off in between, the next try would take what was agreed with the old one for what was agreed with it.
    if (other) {
      // First what a dead run left open: its journal is about to go.
      await repair(disk, await openState(disk, machine.world), signal)
      for (const file of [JOURNAL, DATABASE, NESTED])
        if ((await disk.stat(file)) !== undefined) await disk.remove(file)
    }
    // RACE: two that go to a place without identity at once, on a store that creates without a condition; worst outcome: one of them halts at its
    // next sync, since the place got the other's identity, and is brought there by the same command once more.
    const { identity, report } = await makeOurs(machine, provider, known, { signal, onEvent, was })
    await writeRemoteReport(disk, { remote, date: machine.world.now(), report, identity })
    // Last, and both at once: until it is written, the repository syncs with the old one, and has only forgotten what can be found out again. Where
    // the place could not be given an identity, the former one must not stand: the next sync that may write would give it that.
    await changeConfig(
      machine,
      repository,
      (before) =>
        setIdentityInConfig(setInConfig(before, CONFIG, 'remote', remote), CONFIG, identity?.id),
      signal,
    )
    return { remote, other }
  } finally {
    await release()
  }
}

/** A clone that was at the one so far made it: it holds what that clone had brought by then, and belongs to the others, too. */
function isFilledFrom(known: Identity | undefined, id: string | undefined): boolean {
  return id !== undefined && known?.was.includes(id) === true
}

/** The identity of the place so far, and of those which that one was filled from. */
async function placesSoFar(disk: Disk, id: string | undefined): Promise<readonly string[]> {
  return id === undefined ? [] : [id, ...(await readFormerIds(disk, id))]
}
