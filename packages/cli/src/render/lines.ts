import type { Action, Conflict, Halt, Problem, RunReport } from '@lsync/core'
import { GUARDS, PROBLEMS } from '../messages/table.ts'
import { escapeName } from './escape.ts'
import { count, formatBytes } from './format.ts'

/** One action in a line; `undefined` for what only the database learns of. */
export function actionLine(action: Action, planned: boolean): string | undefined {
  const verb = VERBS[action.kind]
  if (verb === undefined) return undefined
  const name = escapeName(action.path)
  const why =
    (action.kind === 'upload' || action.kind === 'download') && action.reason === 'revived'
      ? ' (edited on one side, removed on the other: the edit stays)'
      : action.kind === 'keep-both'
        ? ' (the remote content arrives beside it)'
        : ''
  return `${planned ? 'would ' : ''}${verb} ${name}${why}`
}

const VERBS: Readonly<Record<Action['kind'], string | undefined>> = {
  upload: 'upload',
  download: 'download',
  'remove-local': 'remove here (into the trash)',
  'remove-remote': 'remove on the remote',
  'set-executable': 'set the executable bit of',
  adopt: undefined,
  forget: undefined,
  'keep-both': 'keep both versions of',
}

export function conflictLine({ path, kind }: Conflict): string {
  return `conflict: ${escapeName(path)} ${kind === 'content' ? 'changed on both sides' : 'is a file on one side and a folder on the other'}`
}

export function problemLine({ path, code, detail }: Problem): string {
  return `problem: ${escapeName(path)}: ${PROBLEMS[code]}${detail === undefined ? '' : ` (${escapeName(detail)})`}`
}

export function haltLine(halt: Halt): string {
  return `halted: ${GUARDS[halt.guard].sentence(halt)}. Nothing was changed. If it is what you want: --allow ${halt.guard}`
}

const SHOWN = 20

/** The end of a run: what is left for a person, and a sentence on what was done. */
export function summaryLines(report: RunReport, dryRun: boolean): readonly string[] {
  const { totals, conflicts, problems, halted } = report
  if (halted.length > 0) return halted.map(haltLine)
  const did: string[] = []
  const add = (number: number, text: string): void => {
    if (number > 0) did.push(text)
  }
  add(
    totals.uploaded.files,
    `uploaded ${count(totals.uploaded.files, 'file')} (${formatBytes(totals.uploaded.bytes)})`,
  )
  add(
    totals.downloaded.files,
    `downloaded ${count(totals.downloaded.files, 'file')} (${formatBytes(totals.downloaded.bytes)})`,
  )
  add(totals.removedLocally, `removed ${totals.removedLocally} here (they are in the trash)`)
  add(totals.removedRemotely, `removed ${totals.removedRemotely} on the remote`)
  add(totals.adopted, `found ${totals.adopted} the same on both sides`)
  const done =
    did.length === 0
      ? `Nothing to do: ${count(totals.unchanged, 'file')} unchanged.`
      : `${dryRun ? 'Would have ' : ''}${dryRun ? did.join(', ') : capitalize(did.join(', '))}; ${totals.unchanged} unchanged.`
  return [
    ...shown(conflicts.map(conflictLine), 'conflicts'),
    ...shown(problems.map(problemLine), 'problems'),
    did.length === 0 && (conflicts.length > 0 || problems.length > 0)
      ? 'Nothing else to do.'
      : done,
    ...(conflicts.length > 0
      ? [
          `${count(conflicts.length, 'conflict')} left: settle with --conflict keep-both|newest|local|remote, or make both sides the same.`,
        ]
      : []),
  ]
}

function shown(lines: readonly string[], what: string): readonly string[] {
  const more = lines.length - SHOWN
  return more > 0
    ? [...lines.slice(0, SHOWN), `… and ${more} more ${what} (--json lists all)`]
    : lines
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
