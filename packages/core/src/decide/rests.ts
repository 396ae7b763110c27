import type { Action, UploadAction } from '../model/plan.ts'
import { readMetadata } from '../model/metadata.ts'

/**
 * What an action leaves to a further look of the same run: the executable bit that was changed here goes up once the content that was changed there, or its
 * new name, is here.
 */
export function restOf(action: Action): UploadAction | undefined {
  if (action.kind !== 'download' && action.kind !== 'move-local') return undefined
  const { path, base, from, remote } = action
  if (action.ownBit !== true || from === 'absent') return undefined
  const { executable } = from.stat
  if (executable === undefined || executable === readMetadata(remote.metadata).executable)
    return undefined
  return {
    kind: 'upload',
    path,
    ...(base === undefined ? {} : { base }),
    reason: 'executable',
    from: { ...from, stat: { ...from.stat, size: remote.size } },
    expect: { kind: 'version', version: remote.version },
    over: remote,
    executable,
    keepRemote: false,
  }
}

/** The actions of a run in both directions, with what they leave to a further look. */
export function withRests(actions: readonly Action[]): readonly Action[] {
  return actions.flatMap((action) => {
    const rest = restOf(action)
    return rest === undefined ? [action] : [action, rest]
  })
}
