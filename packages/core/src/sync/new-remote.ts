import { LsyncError } from '../model/errors.ts'
import type { OnEvent } from '../model/events.ts'
import { isReservedName } from '../model/folding.ts'
import {
  type CallOptions,
  isStorageError,
  type ProbeReport,
  type ProviderModule,
  type RemoteSettings,
  type StorageErrorCode,
  type StorageProvider,
} from '../provider/index.ts'
import { LSYNC, SCRATCH_PREFIX } from '../state/layout.ts'
import type { Machine } from './api.ts'
import { claimIdentity, type Identity } from './identity.ts'
import { overlapsOf, repositoriesAbove } from './nested-remote.ts'

/** A folder meets a remote for the first time: what init and a change of the remote do alike. */
interface Meeting extends CallOptions {
  readonly onEvent: OnEvent
}

/**
 * LsyncError `inside-lsync` where other clients would find what is lsync's own, `overlap` or `remote-overlap` where the two, or the remotes of repositories around the folder, contain each other.
 * @returns the root of the repository around the folder, if there is one
 */
export async function refuseOverlaps(
  machine: Machine,
  module: ProviderModule,
  {
    folder,
    remote,
    settings,
  }: { readonly folder: string; readonly remote: string; readonly settings: RemoteSettings },
): Promise<string | undefined> {
  if (remote.split('/').some(isReservedName))
    throw new LsyncError('inside-lsync', `${remote} is inside ${LSYNC}`, { folder: remote })
  const remoteFolder = module.localFolder?.(remote)
  if (
    remoteFolder !== undefined &&
    (contains(folder, remoteFolder) || contains(remoteFolder, folder))
  )
    throw new LsyncError('overlap', `${folder} and ${remoteFolder} contain each other`, {
      folder,
      remote,
    })
  const above = await repositoriesAbove(machine, folder)
  for (const outer of above) {
    const overlaps = await overlapsOf(machine, outer)
    if (overlaps({ remote, settings }))
      throw new LsyncError('remote-overlap', `${remote} and ${outer.config.remote} overlap`, {
        remote,
        outer: outer.root,
        theirs: outer.config.remote,
      })
  }
  return above[0]?.root
}

/** Where nothing can be written, but all be read: told to who begins with a remote, and goes on. */
const NOTICES_READ_ONLY: Partial<Record<StorageErrorCode, string>> = {
  forbidden: 'the remote may be read but not written: this repository can only pull',
  'no-space':
    'the remote has no room left, and was not probed: until there is some, this repository can only pull; then lsync doctor probes it',
}

/** Probes the remote, and gives it an identity of its own if it has none. Where it cannot be written to, it stays as it is. */
export async function makeOurs(
  { world }: Machine,
  provider: StorageProvider,
  known: Identity | undefined,
  {
    signal,
    onEvent,
    was = [],
  }: Meeting & {
    /** Which places a clone is about to fill it from. */
    readonly was?: readonly string[]
  },
): Promise<{ readonly identity: Identity | undefined; readonly report: ProbeReport | undefined }> {
  let identity = known
  let report: ProbeReport | undefined
  try {
    report = await provider.probe?.({ signal, scratch: `${SCRATCH_PREFIX}${world.token()}/` })
    identity ??= await claimIdentity(provider, { id: world.token(), was }, world.now(), signal)
  } catch (error) {
    // Good enough for a clone that only pulls. One that pushes once there is room must know by then whose remote it is.
    const code = isStorageError(error) ? error.code : undefined
    const message = code === undefined ? undefined : NOTICES_READ_ONLY[code]
    if (message === undefined || (code === 'no-space' && identity === undefined)) throw error
    onEvent({ type: 'notice', message })
  }
  return { identity, report }
}

/** True if `inner` is `outer` or lies in it. Absolute paths without trailing slash. */
function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)
}
