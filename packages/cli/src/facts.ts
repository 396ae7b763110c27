import {
  type Action,
  type Conflict,
  type Halt,
  type LsyncEvent,
  type Nested,
  type Problem,
  readMetadata,
  type Sides,
  type Totals,
  type UnfinishedUpload,
} from '@lsync/core'
import { GUARDS } from './messages/guards.ts'
import { isoTime } from './render/format.ts'
import { problemMessage } from './render/lines.ts'
import { isWorthTelling, movedFrom } from './render/moves.ts'
import { bytesDown, bytesOf, bytesUp } from './render/bytes.ts'

/** The facts of `--json` documents (docs/json.md): plain data, and only what is promised there. */

export function actionFacts(action: Action, result: string) {
  const from = movedFrom(action)
  return {
    path: action.path,
    action: from === undefined ? action.kind : 'move',
    ...(from === undefined ? {} : { from }),
    ...('reason' in action ? { reason: action.reason } : {}),
    direction: DIRECTIONS[action.kind],
    bytes: bytesOf(action),
    result,
  }
}

/** The facts of what a run did. A path that is looked at again may have several outcomes: the last one counts. */
export class ActionsDone {
  readonly #facts = new Map<string, ReturnType<typeof actionFacts>>()

  readonly onEvent = (event: LsyncEvent): void => {
    if (event.type === 'again') this.#forgive(event.path)
    if (event.type !== 'action') return
    const { action, result } = event
    const keepsOldPlace =
      action.kind === 'remove-remote' &&
      action.move === true &&
      result !== 'planned' &&
      result !== 'done'
    if (isWorthTelling(action) || result === 'failed' || keepsOldPlace)
      this.#facts.set(`${action.kind} ${action.path}`, actionFacts(action, result))
    if (keepsOldPlace) this.#cameToNewPlace(action.after)
  }

  get facts(): readonly unknown[] {
    return [...this.#facts.values()]
  }

  /** What should have been a move: the old place is not cleared. */
  #cameToNewPlace(path: string | undefined): void {
    const key = `upload ${path}`
    const { from: _, ...facts } = this.#facts.get(key) ?? {}
    if ('path' in facts) this.#facts.set(key, { ...facts, action: 'upload' })
  }

  /** A second look may find nothing to do any more. */
  #forgive(again: string): void {
    for (const [key, { path, result }] of this.#facts)
      if (path === again && result !== 'done') this.#facts.delete(key)
  }
}

const DIRECTIONS: Readonly<Record<Action['kind'], 'up' | 'down' | 'both' | 'none'>> = {
  upload: 'up',
  'remove-remote': 'up',
  download: 'down',
  'move-local': 'down',
  'remove-local': 'down',
  'set-executable': 'down',
  'keep-both': 'both',
  adopt: 'none',
  forget: 'none',
}

export function conflictFacts({ path, kind, local, remote, base }: Conflict) {
  return {
    path,
    kind,
    ...sidesFacts({
      local: local === 'absent' ? undefined : local,
      remote: remote === 'absent' ? undefined : remote,
      base,
    }),
  }
}

/** What both sides hold of one path, and what they last agreed on. */
export function sidesFacts({ local, remote, base }: Pick<Sides, 'local' | 'remote' | 'base'>) {
  const { mtime, author } = readMetadata(remote?.metadata)
  return {
    local: local === undefined ? null : { size: local.stat.size, mtime: isoTime(local.stat.mtime) },
    remote:
      remote === undefined
        ? null
        : {
            size: remote.size,
            modified: isoTime(remote.modified),
            version: remote.version,
            ...(mtime === undefined ? {} : { mtime: isoTime(mtime) }),
            ...(author === undefined ? {} : { author }),
          },
    base: base === undefined ? null : { size: base.size, sha256: base.sha256 },
  }
}

export function problemFacts(problem: Problem) {
  const { path, code } = problem
  return { path, code, message: problemMessage(problem) }
}

export function nestedFacts({ path, state, pointer, effect, result, leftOver }: Nested) {
  return {
    path,
    state,
    remote: pointer?.remote ?? null,
    repository: pointer?.id ?? null,
    settings: pointer?.settings ?? {},
    effect: effect ?? null,
    result: result ?? null,
    leftOver,
  }
}

export function haltFacts(halt: Halt) {
  const { guard, side, affected, total } = halt
  return { guard, side, affected, total, message: GUARDS[guard](halt) }
}

/** What actions would add up to. */
export function plannedTotals(actions: readonly Action[], unchanged: number): Totals {
  const of = (...kinds: readonly Action['kind'][]) =>
    actions.filter(({ kind }) => kinds.includes(kind))
  const uploads = of('upload', 'keep-both').filter((action) => movedFrom(action) === undefined)
  const downloads = of('download', 'keep-both')
  return {
    uploaded: { files: uploads.length, bytes: sum(uploads.map(bytesUp)) },
    downloaded: { files: downloads.length, bytes: sum(downloads.map(bytesDown)) },
    removedLocally: of('remove-local').filter(isWorthTelling).length,
    removedRemotely: of('remove-remote').filter(isWorthTelling).length,
    moved: actions.filter((action) => movedFrom(action) !== undefined).length,
    adopted: of('adopt').length,
    executable: of('set-executable').length,
    unchanged,
    failed: 0,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

export function unfinishedUploadFacts({ key, begun, ours }: UnfinishedUpload) {
  return { path: key, begun: begun === undefined ? null : isoTime(begun), ours }
}
