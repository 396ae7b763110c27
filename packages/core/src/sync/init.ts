import { type Disk, DiskError } from '../disk/disk.ts'
import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import type { ProbeReport } from '../provider/index.ts'
import { newConfig } from '../state/edit-config.ts'
import { CONFIG, LSYNC, STAGING } from '../state/layout.ts'
import { writeRemoteReport } from '../state/remote-report.ts'
import { ofRemote, SETTINGS } from '../state/settings.ts'
import type { Machine } from './api.ts'
import { holdingConfig } from './change-config.ts'
import { readIdentity } from './identity.ts'
import { moduleFor, schemeOf } from './modules.ts'
import { makeOurs, refuseOverlaps } from './new-remote.ts'
import { openNewRemote } from './open-remote.ts'

export interface InitOptions {
  /** Absolute; made if it is not there. */
  readonly folder: string
  /** The remote as the person wrote it, with a scheme. */
  readonly remote: string
  /** What the configuration is to say besides, by key: texts as `setInConfig` takes them. */
  readonly settings: Readonly<Record<string, string>>
  /** The identity that the remote must have, where somebody else named the remote. Nothing is written to another one. */
  readonly identity?: string
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

export interface Initialized {
  readonly root: string
  readonly remote: string
  readonly report: ProbeReport | undefined
  /** Absent where the remote could not be given an identity: then it can only be pulled from. */
  readonly id: string | undefined
  /** The repository that it lies in, absolute: that one leaves it alone from now on. */
  readonly within: string | undefined
}

/** Makes a folder a repository for a remote. Files that are there are not touched. */
export async function initRepository(machine: Machine, options: InitOptions): Promise<Initialized> {
  const { folder, signal, onEvent } = options
  const settings = ofRemote(options.settings)
  if (folder.split('/').some((segment) => segment === LSYNC))
    throw new LsyncError('inside-lsync', `${folder} is inside a ${LSYNC} folder`, { folder })
  const scheme = schemeOf(options.remote)
  const module = await moduleFor(machine, scheme)
  const remote = module.normalize(options.remote, { folder })
  const disk = machine.openDisk(folder)
  const refuseRepository = async (): Promise<void> => {
    if ((await disk.stat(CONFIG)) !== undefined)
      throw new LsyncError('already-a-repository', `${folder} is a repository already`, { folder })
  }
  await refuseRepository()
  const above = await refuseOverlaps(machine, module, { folder, remote, settings })
  // No reason to refuse: it may stand there for a remote to come, or be left from a former one.
  for (const name of Object.keys(settings).filter((key) => Object.hasOwn(SETTINGS, key)))
    if (!Object.hasOwn(module.settings, name))
      onEvent({
        type: 'notice',
        message: `${scheme}:// has no setting ${name}: it changes nothing`,
      })
  onEvent({ type: 'phase', phase: 'opening' })
  await using provider = await openNewRemote(machine, module, remote, {
    settings,
    signal,
    onEvent,
    create: true,
  })
  const known = await readIdentity(provider, signal)
  if (options.identity !== undefined && known?.id !== options.identity)
    throw new LsyncError('other-repository', `${remote} is not the repository that was named`, {
      remote,
    })
  const { identity, report } = await makeOurs(machine, provider, known, { signal, onEvent })
  for (const path of [LSYNC, STAGING]) await makeFolder(disk, path)
  const id = identity?.id
  await holdingConfig(machine, disk, signal, async () => {
    // Another init may have made it one since, for another remote.
    await refuseRepository()
    await writeRemoteReport(disk, { remote, date: machine.world.now(), report, identity })
    // Last: a folder is a repository from the moment its configuration is there.
    await disk.replaceText(
      CONFIG,
      newConfig({ remote, repository: id, settings: options.settings }),
    )
  })
  return { root: folder, remote, report, id, within: above }
}

async function makeFolder(disk: Disk, path: string): Promise<void> {
  try {
    await disk.makeFolder(path)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'exists') throw error
  }
}
