import type { LocalEntry, Path, RemoteEntry } from '../model/entry.ts'
import { isFolderKey, isWithin } from '../model/path.ts'
import type { Action, Override, SyncMode } from '../model/plan.ts'
import {
  action,
  at,
  compare,
  type Decision,
  executableThere,
  filled,
  NOTHING,
  PENDING,
  upload,
} from './compare.ts'
import type { Judged } from './evidence.ts'

/**
 * The reconcile table for `--force` and `--mirror`, where the side that a push or a pull starts from wins over what is newer on the other. `force`
 * leaves alone what only the other side ever had; `mirror` removes that too. Whatever loses stays in the trash.
 */
export function compareOverriding(
  row: Judged,
  mode: Exclude<SyncMode, 'sync'>,
  override: Override,
): Decision {
  const { joined } = row
  const here = joined.local.state === 'present' ? joined.local.entry : undefined
  const there = joined.remote.state === 'present' ? joined.remote.entry : undefined
  const plain = compare(row, { mode, policy: 'manual' })
  if (joined.stale === true || (here === undefined && there === undefined)) return plain
  // The folder is here, and is no empty one: its mark is nothing that could win. But where a mirror takes out what only this side has, that folder stays for it.
  if (mode === 'pull' && here === undefined)
    if (joined.filled === 'itself' || (joined.filled !== undefined && override === 'force'))
      return plain
  if (here !== undefined && there !== undefined && row.equal)
    return sameBit(row, mode, here, there) ?? plain
  // What goes this way anyhow needs no force: nothing that is unseen is overwritten.
  if (plain.kind === 'action') return action(withBitOfWinner(plain.action, row, there))
  return mode === 'push'
    ? pushOver(row, here, there, override)
    : pullOver(row, here, there, override)
}

/** Of files that others renamed, too. */
export function movesWithBitOfWinner(
  actions: readonly Action[],
  named: readonly Path[],
): readonly Action[] {
  return actions.map((one) =>
    one.kind === 'move-local' && isWithin(one.path, named) ? { ...one, ownBit: false } : one,
  )
}

/** The executable bit merges where sides are equal; here it comes with the content. */
function withBitOfWinner(decided: Action, row: Judged, there: RemoteEntry | undefined): Action {
  if (decided.kind === 'download') {
    const { ownBit: _ownBit, ...download } = decided
    return download
  }
  if (decided.kind !== 'upload' || there === undefined) return decided
  return { ...decided, executable: decided.from.stat.executable ?? executableThere(row) }
}

function pushOver(
  row: Judged,
  here: LocalEntry | undefined,
  there: RemoteEntry | undefined,
  override: Override,
): Decision {
  if (here !== undefined)
    return action({
      ...upload(row, here, there, 'forced'),
      executable: here.stat.executable ?? executableThere(row),
      keepRemote: there !== undefined && !isFolderKey(row.joined.path),
    })
  if (there === undefined) return NOTHING
  if (row.local === 'none' && override === 'force') return PENDING
  return action({
    kind: 'remove-remote',
    ...at(row),
    remote: there,
    ...(isFolderKey(row.joined.path) ? filled(row) : { keepRemote: true }),
  })
}

function pullOver(
  row: Judged,
  here: LocalEntry | undefined,
  there: RemoteEntry | undefined,
  override: Override,
): Decision {
  if (there !== undefined)
    return action({
      kind: 'download',
      ...at(row),
      reason: 'forced',
      from: here ?? 'absent',
      remote: there,
    })
  if (here === undefined) return NOTHING
  if (row.remote === 'none' && override === 'force') return PENDING
  return action({ kind: 'remove-local', ...at(row), from: here, forced: true, ...filled(row) })
}

/** Content is the same; the executable bit is that of the side that wins. Undefined where it is already. */
function sameBit(
  row: Judged,
  mode: 'pull' | 'push',
  here: LocalEntry,
  there: RemoteEntry,
): Decision | undefined {
  if (here.type !== 'file') return undefined
  const remote = executableThere(row)
  const local = here.stat.executable ?? remote
  const { base } = row.joined
  const sha256 = row.sha256 ?? base?.sha256 ?? ''
  if (local === remote)
    return action({
      kind: 'adopt',
      ...at(row),
      from: here,
      sha256,
      remote: there,
      executable: local,
      silent: base !== undefined,
    })
  return mode === 'push'
    ? action({ ...upload(row, here, there, 'executable'), executable: local })
    : action({
        kind: 'set-executable',
        ...at(row),
        from: here,
        sha256,
        remote: there,
        executable: remote,
      })
}
