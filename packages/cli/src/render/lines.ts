import type {
  Action,
  Conflict,
  Halt,
  LsyncEvent,
  Problem,
  RunReport,
  UnfinishedUpload,
} from '@lsync/core'
import { GUARDS } from '../messages/guards.ts'
import { PROBLEMS } from '../messages/problems.ts'
import { bytesOf } from './bytes.ts'
import { escapeName } from './escape.ts'
import { count, formatBytes, isoTime } from './format.ts'
import { isWorthTelling, movedFrom } from './moves.ts'
import { toldLines } from './nested.ts'

export interface LineOptions {
  readonly verbose: boolean
  readonly dryRun: boolean
}

/** The line that an event is worth while a run goes on; conflicts and problems come at its end. */
export function eventLine(event: LsyncEvent, options: LineOptions): string | undefined {
  if (event.type !== 'action') return undefined
  return event.result === 'done' || event.result === 'planned'
    ? actionLine(event.action, options)
    : undefined
}

/** What is not of the run itself, but worth knowing. */
export function noteOf(event: LsyncEvent): string | undefined {
  if (event.type === 'notice') return escapeName(event.message)
  return event.type === 'trash-cleared'
    ? `${count(event.files, 'file')} (${formatBytes(event.bytes)}) left the trash for good: kept long enough, or more than it may hold`
    : undefined
}

/** One action in a line; undefined for what changes no file, unless one wants to see everything. */
function actionLine(action: Action, { verbose, dryRun }: LineOptions): string | undefined {
  if (!verbose && (action.kind === 'adopt' || action.kind === 'forget')) return undefined
  if (!isWorthTelling(action) && !verbose) return undefined
  const from = movedFrom(action)
  const [verb, remark] = from === undefined ? verbOf(action) : MOVE
  const remarks = [
    ...(remark === undefined ? [] : [remark]),
    ...('reason' in action && action.reason === 'revived'
      ? ['edited on one side, removed on the other: the edit stays']
      : []),
    ...('keepRemote' in action && action.keepRemote ? ["the remote's version is kept"] : []),
    ...(verbose ? details(action) : []),
  ]
  const would = dryRun ? 'would ' : ''
  const behind = remarks.length > 0 ? ` (${remarks.join('; ')})` : ''
  const names =
    from === undefined
      ? escapeName(action.path)
      : `${escapeName(from)} to ${escapeName(action.path)}`
  return `${would}${verb} ${names}${behind}`
}

/** A verb, and what goes behind the name. */
const MOVE: readonly [verb: string, remark?: string] = ['move']
const VERBS: Readonly<Record<Action['kind'], readonly [verb: string, remark?: string]>> = {
  upload: ['upload'],
  download: ['download'],
  'move-local': MOVE,
  'remove-local': ['remove', 'here, into the trash'],
  'remove-remote': ['remove', 'on the remote'],
  'set-executable': ['change the executable bit of'],
  adopt: ['note', 'the same on both sides'],
  forget: ['forget', 'gone on both sides'],
  'keep-both': ['keep both versions of', 'that of the remote arrives under another name'],
}

/** Of an empty folder nothing goes to the trash. */
function verbOf({ kind, path }: Action): readonly [verb: string, remark?: string] {
  return kind === 'remove-local' && path.endsWith('/') ? ['remove', 'here'] : VERBS[kind]
}

function details(action: Action): readonly string[] {
  return action.kind === 'upload' || action.kind === 'download'
    ? [action.reason, formatBytes(bytesOf(action))]
    : []
}

export function conflictLine({ path, kind, local, remote }: Conflict): string {
  const name = escapeName(path)
  if (kind === 'file-folder')
    return `conflict: ${name} is a file on one side and a folder on the other`
  if (local === 'absent') return `conflict: ${name} was removed here and changed on the remote`
  if (remote === 'absent') return `conflict: ${name} changed here and was removed on the remote`
  return `conflict: ${name} changed on both sides (here ${formatBytes(local.stat.size)}, on the remote ${formatBytes(remote.size)})`
}

export function problemLine(problem: Problem): string {
  return `problem: ${escapeName(problem.path) || '.'} ${problemMessage(problem)}`
}

export function problemMessage({ code, detail }: Problem): string {
  return `${PROBLEMS[code].sentence}${detail === undefined ? '' : ` (${escapeName(detail)})`}`
}

/** Of an upload in parts that `doctor` finds on the remote. */
export function unfinishedUploadLine({ key, begun, ours }: UnfinishedUpload): string {
  const when =
    begun === undefined ? 'at a time that the store does not tell' : `on ${isoTime(begun)}`
  const follows = ours
    ? 'a sync here goes on with it, or gives it up if nothing has needed it for a week.'
    : 'not by this folder, which leaves it alone.'
  return `  ..  An upload of ${escapeName(key)} was begun ${when} and not finished; ${follows}`
}

export function haltLine(halt: Halt): string {
  return `halted (${halt.guard}): ${GUARDS[halt.guard](halt)}`
}

export function haltLines(halted: readonly Halt[]): readonly string[] {
  return [
    ...halted.map(haltLine),
    `Nothing was changed. lsync status shows what would be; if it is what you want: ${allowing(halted)}`,
  ]
}

/** Of a sync that was not begun. */
export function wouldHaltLines(halts: readonly Halt[]): readonly string[] {
  if (halts.length === 0) return []
  return [
    ...halts.map((halt) => `A sync would halt (${halt.guard}): ${GUARDS[halt.guard](halt)}`),
    `If it is what you want: lsync sync ${allowing(halts)}`,
  ]
}

function allowing(halts: readonly Halt[]): string {
  return [...new Set(halts.map(({ guard }) => `--allow ${guard}`))].join(' ')
}

/** What is left for a person, the first of each; the rest is in `--json` and the log file. */
export function openLines(
  conflicts: readonly Conflict[],
  problems: readonly Problem[],
): readonly string[] {
  const hints = new Set(problems.map(({ code }) => PROBLEMS[code].hint))
  return [
    ...first(conflicts.map(conflictLine), 'conflicts'),
    ...first(problems.map(problemLine), 'problems'),
    ...(problems.length > 0 ? [...hints].filter((hint) => hint !== undefined) : []),
    ...(conflicts.length > 0
      ? [
          `${count(conflicts.length, 'conflict')} left, and neither side touched. Settle with: lsync resolve`,
        ]
      : []),
  ]
}

const SHOWN = 20

/** So many that a person reads them; how many more there are. */
export function first(lines: readonly string[], what: string): readonly string[] {
  const more = lines.length - SHOWN
  return more > 0
    ? [...lines.slice(0, SHOWN), `… and ${more} more ${what} (--json and --log-file have all)`]
    : lines
}

/** What a run did, in a sentence. */
function summaryLine({ totals }: RunReport, dryRun: boolean): string {
  const would = dryRun ? 'would be ' : ''
  const parts: string[] = []
  const add = (number: number, text: string): void => {
    if (number > 0) parts.push(text)
  }
  const {
    uploaded,
    downloaded,
    removedLocally,
    removedRemotely,
    moved,
    adopted,
    executable,
    failed,
  } = totals
  add(
    uploaded.files,
    `${count(uploaded.files, 'file')} ${would}uploaded (${formatBytes(uploaded.bytes)})`,
  )
  add(
    downloaded.files,
    `${count(downloaded.files, 'file')} ${would}downloaded (${formatBytes(downloaded.bytes)})`,
  )
  add(removedLocally, `${removedLocally} ${would}removed here (into the trash)`)
  add(removedRemotely, `${removedRemotely} ${would}removed on the remote`)
  add(moved, `${count(moved, 'file')} ${would}moved`)
  add(adopted, `${adopted} found the same on both sides`)
  add(executable, `${count(executable, 'executable bit')} ${would}changed`)
  add(failed, `${failed} failed`)
  const unchanged = `${totals.unchanged} unchanged`
  return parts.length === 0
    ? `Nothing to do: ${count(totals.unchanged, 'file')} unchanged.`
    : `${parts.join(', ')}, ${unchanged}.`
}

/** The end of a run. */
export function reportLines(
  report: RunReport,
  { quiet, dryRun }: { readonly quiet: boolean; readonly dryRun: boolean },
): readonly string[] {
  if (report.halted.length > 0) return haltLines(report.halted)
  const open = openLines(report.conflicts, report.problems)
  if (quiet) return open
  const summary = summaryLine(report, dryRun)
  const told = toldLines(report.nested, dryRun)
  const misleading = open.length + told.length > 0 && summary.startsWith('Nothing to do')
  return [
    ...told,
    ...open,
    misleading ? summary.replace('Nothing to do', 'Nothing else to do') : summary,
  ]
}
