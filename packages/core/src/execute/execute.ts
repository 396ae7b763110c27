import { type Schedule, schedule } from '../decide/plan.ts'
import { DiskError } from '../disk/disk.ts'
import { foldName } from '../model/folding.ts'
import { diskPath, isFolderKey } from '../model/path.ts'
import type { Action, DownloadAction } from '../model/plan.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import { PathProblem, problemOf } from './consequence.ts'
import type { Effects } from './context.ts'
import { copyMoved } from './copy.ts'
import { folderEntry, skippedLinkEntry } from './entries.ts'
import { fetch } from './fetch.ts'
import { fetchHere } from './fetch-here.ts'
import { moveLocally } from './move.ts'
import { paced } from './paced.ts'
import { Placer } from './placer.ts'
import { FEW } from './recorder.ts'
import { runPool } from './pool.ts'
import { removeLocal, removeRemote } from './remove.ts'
import { adopt, keepBoth, keepRemoteInTrash, setExecutable } from './settle.ts'
import type { Tally } from './tally.ts'
import { makeFolders } from './trash.ts'
import { upload } from './upload.ts'

/** So many paths that the store fails for, each after all retries, or that it refuses before it took any, and the run ends: it is the store, not the paths. */
const MOST_REMOTE_FAILURES = 10

/** Of these, a refusal by the disk means that it may not be written; of all others, that it may not be read. */
const WRITES_HERE: ReadonlySet<Action['kind']> = new Set([
  'download',
  'keep-both',
  'move-local',
  'remove-local',
  'set-executable',
  'adopt',
])

/** After one of these the store is seen to take what it is asked to. */
const WRITES_THERE: ReadonlySet<Action['kind']> = new Set(['upload', 'keep-both', 'remove-remote'])

/** Paths whose transfer towards a side failed, and was not made good since: while there are any, nothing is removed on that side. */
export interface Failed {
  readonly up: Set<string>
  readonly down: Set<string>
}

/**
 * Carries out the actions: what makes room, then transfers, then what only the database learns, removals last.
 * @param more of what is new, asked for when those before it were carried out; they come before the removals, too
 * @returns problems of single paths. What ends the run is thrown, after everything that did happen has been recorded.
 */
export async function execute(
  effects: Effects,
  actions: readonly Action[],
  tally: Tally,
  failed: Failed,
  more: AsyncIterable<readonly Action[]> = NOTHING_MORE,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  let remoteFailures = 0
  let anyTaken = false
  const grouped = (some: readonly Action[]): Schedule => {
    for (const { path, kind } of some)
      if (isFolderKey(path) && kind !== 'remove-local') keep.add(path)
    return schedule(some, (path) => foldName(path, effects.folding))
  }
  /** Folders that both sides are about to agree on: emptying them must not remove them. */
  const keep = new Set<string>()
  const first = grouped(actions)
  const { removals } = first
  /** Paths that removals wait for, */
  const awaited = new Set(
    actions.flatMap((action) =>
      action.kind === 'remove-remote' && action.after !== undefined ? [action.after] : [],
    ),
  )
  /** and those of them on which what was to be done is done. */
  const arrived = new Set<string>()
  const finish = (action: Action, error?: unknown): void => {
    if (error === undefined) {
      tally.done(action)
      anyTaken ||= WRITES_THERE.has(action.kind)
      if (awaited.has(action.path)) arrived.add(action.path)
      // That a fingerprint moved is nothing that a person did, or needs to see.
      if (action.kind !== 'adopt' || !action.silent)
        effects.onEvent({ type: 'action', action, result: 'done' })
      return
    }
    const problem = problemOf(action.path, error, WRITES_HERE.has(action.kind))
    if (problem === undefined) throw error
    if (
      (problem.code === 'remote-failed' || (problem.code === 'remote-refused' && !anyTaken)) &&
      ++remoteFailures > MOST_REMOTE_FAILURES
    )
      throw error
    // Not a failure: there is nothing that could arrive, and nothing that a removal would have to wait for.
    if (LINKS.has(problem.code)) {
      problems.push(problem)
      effects.onEvent({ type: 'action', action, result: 'skipped' })
      return
    }
    if (!neverKept(action, problem.code)) {
      if (action.kind === 'upload' || action.kind === 'keep-both') failed.up.add(action.path)
      if (action.kind === 'download' || action.kind === 'keep-both' || action.kind === 'move-local')
        failed.down.add(action.path)
    }
    tally.failed(action.path)
    problems.push(problem)
    effects.onEvent({ type: 'action', action, result: 'failed' })
  }

  const attempt = async (action: Action, effect: () => Promise<void>): Promise<void> => {
    try {
      await effect()
    } catch (error) {
      effects.signal.throwIfAborted()
      finish(action, error)
      return
    }
    finish(action)
  }

  const placer = new Placer(effects)
  const transfer = async (action: Action, signal: AbortSignal): Promise<void> => {
    if (action.kind === 'download' && !isFolderKey(action.path)) {
      // It ends when its batch is in place, not when its bytes are here: no slot is held meanwhile.
      try {
        const content =
          (await fetchHere(effects, action, signal)) ??
          (await fetch(effects, action.remote, signal))
        await placer.add({
          action,
          content,
          done: (error) => {
            finish(action, error)
          },
        })
      } catch (error) {
        signal.throwIfAborted()
        rememberLink(effects, action, error)
        finish(action, error)
      }
      return
    }
    await attempt(action, () => effectOf(effects, action, signal, keep))
  }

  const pace = paced(effects.disk)
  const removal = async (action: Action, signal: AbortSignal): Promise<void> => {
    const side = action.kind === 'remove-local' ? 'down' : 'up'
    if (side === 'down') await pace()
    // The source of a move goes only while its destination is seen to hold the content.
    const early =
      action.kind === 'remove-remote' && action.after !== undefined && !arrived.has(action.after)
    if (failed[side].size > 0 || early) {
      problems.push({ path: action.path, code: 'kept-for-safety' })
      effects.onEvent({ type: 'action', action, result: 'skipped' })
      return
    }
    await attempt(action, () => effectOf(effects, action, signal, keep))
  }

  const bring = async (groups: Schedule): Promise<void> => {
    await runPool(groups.ahead, effects.jobs, effects.signal, transfer)
    // What makes room is needed by transfers; one after the other, since folders empty from the leaves.
    await runPool(groups.clearing, 1, effects.signal, removal)
    await moveLocally(effects, groups.moves, effects.signal, keep, finish)
    await runPool(groups.transfers, effects.jobs, effects.signal, transfer)
    await placer.settle()
    await runPool(groups.records, effects.jobs, effects.signal, transfer)
  }

  try {
    effects.onEvent({ type: 'phase', phase: 'transferring' })
    await announceRemovals(effects, actions)
    await flushSources(effects, actions)
    await bring(first)
    for await (const next of more) {
      effects.onEvent({ type: 'phase', phase: 'transferring' })
      await flushSources(effects, next)
      await bring(grouped(next))
    }
    if (removals.length > 0) effects.onEvent({ type: 'phase', phase: 'removing' })
    const [local, remote] = [
      removals.filter(({ kind }) => kind === 'remove-local'),
      removals.filter(({ kind }) => kind === 'remove-remote'),
    ]
    // Local ones deepest first and one by one, so that folders are empty when their turn comes.
    const ended = await Promise.allSettled([
      runPool(local, 1, effects.signal, removal),
      runPool(remote, effects.jobs, effects.signal, removal),
    ])
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  } finally {
    // A batch that is being swapped ends before the lock goes: nothing happens behind the caller's back.
    await placer.drain()
    effects.onEvent({ type: 'phase', phase: 'recording' })
    await effects.recorder.settle()
  }
  return problems
}

async function* nothing(): AsyncGenerator<readonly Action[]> {}
const NOTHING_MORE: AsyncIterable<readonly Action[]> = { [Symbol.asyncIterator]: nothing }

/** Objects that are links, where links are skipped or this one cannot be made. */
const LINKS: ReadonlySet<ProblemCode> = new Set(['symbolic-link', 'link-target'])

/**
 * What a side can never hold is unknown there, and no failed transfer: else one such name would keep everything from being removed there for ever.
 * What moved to it keeps its former place all the same, since its removal waits for it (`after`).
 */
function neverKept({ kind }: Action, code: ProblemCode): boolean {
  return kind === 'upload'
    ? code === 'name-refused' || code === 'too-large'
    : kind === 'download' && code === 'name-unsafe'
}

/** Only reading an object tells that it is a link: once it has told, the next runs need not ask again. */
function rememberLink(
  { recorder }: Effects,
  { path, base, remote }: DownloadAction,
  error: unknown,
) {
  if (base !== undefined || !(error instanceof PathProblem) || error.code !== 'symbolic-link')
    return
  recorder.add({ path, entry: skippedLinkEntry(remote) })
}

/**
 * What vanished here may come back, in a power cut or by a person's hand, after we removed it there and before that is recorded: then it would
 * read as removed by others. So the removal is marked in the base first, and absence is made to last before it is acted on.
 */
async function announceRemovals(
  { disk, state }: Effects,
  actions: readonly Action[],
): Promise<void> {
  const marked = actions.flatMap(({ kind, path, base }) =>
    kind === 'remove-remote' && base !== undefined
      ? [{ path, entry: { ...base, removing: true } as const }]
      : [],
  )
  if (marked.length === 0) return
  await state.record(marked)
  await disk.flushAll()
}

/**
 * What goes up was written before this: one flush here makes all of it survive, so that what is recorded of it later needs none. A flush with each
 * batch of records would wait every time for whatever else is being written to this disk.
 */
async function flushSources({ disk }: Effects, actions: readonly Action[]): Promise<void> {
  const sources = actions.flatMap((action) =>
    action.kind === 'upload' && action.from.type !== 'folder' ? [action.path] : [],
  )
  try {
    await (sources.length > FEW ? disk.flushAll() : disk.flush(sources))
  } catch (error) {
    // One that may not be read cannot be flushed by name: it becomes a problem of its own, and holds back no other.
    if (!(error instanceof DiskError)) throw error
    await disk.flushAll()
  }
}

async function effectOf(
  effects: Effects,
  action: Action,
  signal: AbortSignal,
  keep: ReadonlySet<string>,
): Promise<void> {
  switch (action.kind) {
    case 'upload':
      await keepRemoteInTrash(effects, action, signal)
      if (await copyMoved(effects, action, signal)) return
      return upload(effects, action, signal, true)
    case 'move-local':
      throw new TypeError('moves of local files are done in batches')
    case 'download':
      await makeFolders(effects.disk, diskPath(action.path), new Set())
      effects.recorder.add({ path: action.path, entry: folderEntry(action.remote) })
      return
    case 'keep-both':
      return keepBoth(effects, action, signal)
    case 'set-executable':
      return setExecutable(effects, action)
    case 'adopt':
      return adopt(effects, action)
    case 'forget':
      effects.recorder.add({ path: action.path, entry: undefined })
      return
    case 'remove-local':
      return removeLocal(effects, action, signal, keep)
    case 'remove-remote':
      await keepRemoteInTrash(effects, action, signal)
      return removeRemote(effects, action, signal)
  }
}
