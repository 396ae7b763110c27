import type { Action, Status } from '@lsync/core'
import { bytesOf } from './bytes.ts'
import { escapeName } from './escape.ts'
import { count, formatBytes } from './format.ts'
import { openLines, wouldHaltLines } from './lines.ts'
import { isWorthTelling, movedFrom } from './moves.ts'
import { nestedLines } from './nested.ts'

/** What a sync would do, grouped. */
export function statusLines(status: Status, local: boolean, root: string): readonly string[] {
  const { conflicts, problems, unchanged, remote, nested, halts } = status
  const actions = status.actions.filter(isWorthTelling)
  const groups = GROUPS.flatMap(({ title, kinds }) => {
    const members = actions.filter((action) => kinds.includes(groupOf(action)))
    if (members.length === 0) return []
    const bytes = members.reduce(
      (sum, action) => sum + (movedFrom(action) === undefined ? bytesOf(action) : 0),
      0,
    )
    const size = bytes > 0 ? `, ${formatBytes(bytes)}` : ''
    return [
      `${title} (${count(members.length, 'path')}${size}):`,
      ...members.map((action) => `  ${wordOf(action).padEnd(9)} ${namesOf(action)}`),
    ]
  })
  const open = openLines(conflicts, problems)
  const untold = nested.filter(({ effect }) => effect !== undefined)
  const nothing = actions.length + conflicts.length + untold.length + halts.length === 0
  return [
    `${escapeName(remote)}${local ? ' (not asked: only what changed here)' : ''}`,
    ...groups,
    ...nestedLines(nested, root),
    ...open,
    ...wouldHaltLines(halts),
    ...(nothing
      ? [`Nothing to do: ${count(unchanged, 'file')} unchanged.`]
      : unchanged > 0
        ? [`${count(unchanged, 'file')} unchanged.`]
        : []),
  ]
}

const GROUPS: readonly { readonly title: string; readonly kinds: readonly Action['kind'][] }[] = [
  { title: 'To download', kinds: ['download'] },
  { title: 'To upload', kinds: ['upload'] },
  { title: 'To keep in both versions', kinds: ['keep-both'] },
  { title: 'To move', kinds: ['move-local'] },
  { title: 'To remove here, into the trash', kinds: ['remove-local'] },
  { title: 'To remove on the remote', kinds: ['remove-remote'] },
  { title: 'To change here without a transfer', kinds: ['set-executable'] },
  { title: 'To note in the database only', kinds: ['adopt', 'forget'] },
]

/** A move is told as such, whatever it is made of. */
function groupOf(action: Action): Action['kind'] {
  return movedFrom(action) === undefined ? action.kind : 'move-local'
}

function namesOf(action: Action): string {
  const from = movedFrom(action)
  const name = escapeName(action.path)
  return from === undefined ? name : `${escapeName(from)} to ${name}`
}

function wordOf(action: Action): string {
  if (movedFrom(action) !== undefined) return action.kind === 'move-local' ? 'here' : 'remote'
  switch (action.kind) {
    case 'upload':
    case 'download':
      return action.reason === 'executable' ? 'bits' : action.reason
    case 'remove-local':
    case 'remove-remote':
      return 'removed'
    case 'adopt':
      return 'same'
    case 'forget':
      return 'gone'
    default:
      return ''
  }
}
