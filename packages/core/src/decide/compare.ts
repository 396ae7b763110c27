import type { LocalEntry, RemoteEntry } from '../model/entry.ts'
import { readMetadata } from '../model/metadata.ts'
import type {
  Action,
  Conflict,
  ConflictPolicy,
  Settlement,
  SyncMode,
  UploadAction,
} from '../model/plan.ts'
import type { Expect } from '../provider/index.ts'
import type { Judged } from './evidence.ts'
import { executableHere } from './executable-bit.ts'

/** What a row comes to: an effect, a conflict for a person, or nothing. */
export type Decision =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  /** Something is to be done, but not in this direction. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'nothing' }

export interface CompareOptions {
  readonly mode: SyncMode
  readonly policy: ConflictPolicy
  /** What a person decided on this conflict. */
  readonly settlement?: Settlement
}

export const NOTHING: Decision = { kind: 'nothing' }
export const PENDING: Decision = { kind: 'pending' }

/**
 * The reconcile table (docs/reconcile-table.md) for one path. Pure: what it expects to find travels in the action, as the guard and
 * the precondition of the effect.
 */
export function compare(row: Judged, options: CompareOptions): Decision {
  const { joined, local, remote } = row
  const here = joined.local.state === 'present' ? joined.local.entry : undefined
  const there = joined.remote.state === 'present' ? joined.remote.entry : undefined
  const down = options.mode !== 'push'
  const up = options.mode !== 'pull'

  // It holds nothing, and the file that took its name is in its way everywhere: it goes.
  if (joined.stale === true && there !== undefined)
    return up && here === undefined
      ? action({ kind: 'remove-remote', ...at(row), remote: there })
      : PENDING
  if (here === undefined && there === undefined)
    return joined.base === undefined ? NOTHING : action({ kind: 'forget', ...at(row) })
  if (here !== undefined && there !== undefined) {
    if (row.equal) return agree(row, here, there, options)
    if (local === 'unchanged' && remote === 'changed')
      return down
        ? action({
            kind: 'download',
            ...at(row),
            reason: 'changed',
            from: here,
            remote: there,
            ...(hasOwnBit(row, here) ? { ownBit: true } : {}),
          })
        : PENDING
    if (local === 'changed' && remote === 'unchanged')
      return up ? action(upload(row, here, there, 'changed')) : PENDING
    return settleConflict(row, here, there, options)
  }
  if (there !== undefined) {
    // A mark that says nothing goes at once: once the folder is here, it would read as one that is no empty one any more.
    // RACE: what is in the folder may go before the mark does; worst outcome: an empty folder goes that somebody else wants to keep.
    if ((local === 'removed' && remote === 'unchanged') || joined.filled === 'itself')
      return up
        ? action({ kind: 'remove-remote', ...at(row), remote: there, ...filled(row) })
        : PENDING
    // New there, or removed here and edited there: the edit survives.
    const reason = local === 'removed' ? 'revived' : 'new'
    return down
      ? action({ kind: 'download', ...at(row), reason, from: 'absent', remote: there })
      : PENDING
  }
  if (here === undefined) return NOTHING
  if (remote === 'removed' && local === 'unchanged')
    return down ? action({ kind: 'remove-local', ...at(row), from: here, ...filled(row) }) : PENDING
  const reason = remote === 'removed' ? 'revived' : 'new'
  return up ? action(upload(row, here, undefined, reason)) : PENDING
}

/** The same content on both sides: the database learns it; the executable bit merges apart from content. */
function agree(
  row: Judged,
  here: LocalEntry,
  there: RemoteEntry,
  options: CompareOptions,
): Decision {
  const { base } = row.joined
  const executable = here.type === 'file' && mergedExecutable(row, here)
  const sha256 = row.sha256 ?? base?.sha256 ?? ''
  if (here.type === 'file') {
    const remoteExecutable = executableThere(row)
    if (remoteExecutable !== executable && options.mode !== 'pull')
      return action(upload(row, here, there, 'executable'))
    if (here.stat.executable !== undefined && here.stat.executable !== executable) {
      if (options.mode === 'push') return PENDING
      return action({
        kind: 'set-executable',
        ...at(row),
        from: here,
        sha256,
        remote: there,
        executable,
      })
    }
    if (remoteExecutable !== executable) return PENDING
  }
  return action({
    kind: 'adopt',
    ...at(row),
    from: here,
    sha256,
    remote: there,
    executable,
    silent: base !== undefined,
  })
}

/** Three-way: the side that moved away from the base wins; without a base, a bit that is set anywhere stays set. */
function mergedExecutable(row: Judged, here: LocalEntry): boolean {
  const { base } = row.joined
  const local = executableHere(here, base)
  const remote = executableThere(row)
  if (base === undefined) return local || remote
  return local === base.executable ? remote : local
}

function hasOwnBit({ joined: { base } }: Judged, here: LocalEntry): boolean {
  return (
    base?.type === 'file' && here.type === 'file' && executableHere(here, base) !== base.executable
  )
}

/** The remote's bit: from its metadata if they were asked for; else it is what the base says, since nothing moved. */
export function executableThere({ joined, metadata }: Judged): boolean {
  return metadata === undefined
    ? (joined.base?.executable ?? false)
    : readMetadata(metadata).executable
}

/** Both sides changed, and not to the same content. */
function settleConflict(
  row: Judged,
  here: LocalEntry,
  there: RemoteEntry,
  options: CompareOptions,
): Decision {
  const { base, path } = row.joined
  const conflict: Decision = {
    kind: 'conflict',
    conflict: {
      path,
      local: here,
      remote: there,
      kind: 'content',
      ...(base === undefined ? {} : { base }),
    },
  }
  const { settlement } = options
  // A decision on what is not there any more is none: the person is asked again.
  const decided = settlement !== undefined && isAsShown(settlement, here, there)
  const policy =
    settlement === undefined ? options.policy : decided ? settlement.keep : ('manual' as const)
  switch (winner(row, here, there, policy)) {
    case 'local':
      if (options.mode === 'pull') return conflict
      return action({ ...upload(row, here, there, 'conflict'), keepRemote: true })
    case 'remote':
      if (options.mode === 'push') return conflict
      return action({ kind: 'download', ...at(row), reason: 'conflict', from: here, remote: there })
    case 'both':
      if (options.mode !== 'sync') return conflict
      return action({
        kind: 'keep-both',
        ...at(row),
        from: here,
        ...(row.sha256 === undefined ? {} : { sha256: row.sha256 }),
        remote: there,
        executable: mergedExecutable(row, here),
      })
    default:
      return conflict
  }
}

function isAsShown({ local, remote }: Settlement, here: LocalEntry, there: RemoteEntry): boolean {
  const { inode, size, mtime, ctime } = here.stat
  return (
    local.inode === inode &&
    local.size === size &&
    local.mtime === mtime &&
    local.ctime === ctime &&
    remote === there.version
  )
}

function winner(
  row: Judged,
  here: LocalEntry,
  there: RemoteEntry,
  policy: ConflictPolicy,
): 'local' | 'remote' | 'both' | 'nobody' {
  switch (policy) {
    case 'manual':
      return 'nobody'
    case 'keep-both':
      return 'both'
    case 'newest': {
      const remoteTime = readMetadata(row.metadata).mtime ?? there.modified
      // Times within a second of each other say nothing: the person decides.
      if (Math.abs(here.stat.mtime - remoteTime) < 1000) return 'nobody'
      return here.stat.mtime > remoteTime ? 'local' : 'remote'
    }
    default:
      return policy
  }
}

export function upload(
  row: Judged,
  from: LocalEntry,
  over: RemoteEntry | undefined,
  reason: UploadAction['reason'],
) {
  const expect: Expect =
    over === undefined ? { kind: 'absent' } : { kind: 'version', version: over.version }
  return {
    kind: 'upload',
    ...at(row),
    reason,
    from,
    ...(row.sha256 === undefined ? {} : { sha256: row.sha256 }),
    expect,
    ...(over === undefined ? {} : { over }),
    executable:
      over === undefined ? executableHere(from, row.joined.base) : mergedExecutable(row, from),
    keepRemote: false,
  } as const
}

export function at({ joined }: Judged) {
  return {
    path: joined.path,
    ...(joined.base === undefined ? {} : { base: joined.base }),
  }
}

/** Of the removal of an empty folder. */
export function filled({ joined }: Judged): { readonly filled?: true } {
  return joined.filled === undefined ? {} : { filled: true }
}

export function action(decided: Action): Decision {
  return { kind: 'action', action: decided }
}
