import { type Schedule, schedule } from '../decide/plan.ts'
import type { DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { foldName } from '../model/folding.ts'
import { diskPath, isFolderKey } from '../model/path.ts'
import type { Action, DownloadAction } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { copyMoved } from './copy.ts'
import { CrowdedOut } from './crowded.ts'
import { type Emptied, stuckEmpty } from './emptied.ts'
import { Endings, type Ledger } from './endings.ts'
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
import { orTakenName } from './taken-name.ts'
import { upload } from './upload.ts'

/**
 * Carries out the actions: what makes room, then transfers, then what only the database learns, removals last.
 * @param more of what is new, asked for when those before it were carried out; they come before the removals, too
 * @returns problems of single paths. What ends the run is thrown, after everything that did happen has been recorded.
 */
export async function execute(
  effects: Effects,
  actions: readonly Action[],
  ledger: Ledger,
  more: AsyncIterable<readonly Action[]> = NOTHING_MORE,
): Promise<readonly Problem[]> {
  const { signal, jobs, onEvent } = effects
  const endings = new Endings(effects, actions, ledger)
  const execution = new Execution(effects, endings)
  const first = execution.grouped(actions)
  const { removals } = first
  try {
    onEvent({ type: 'phase', phase: 'transferring' })
    await announceRemovals(effects, actions)
    await flushSources(effects, actions)
    await execution.bring(first)
    for await (const next of more) {
      onEvent({ type: 'phase', phase: 'transferring' })
      await flushSources(effects, next)
      await execution.bring(execution.grouped(next))
    }
    if (removals.length > 0) onEvent({ type: 'phase', phase: 'removing' })
    const local = removals.filter(({ kind }) => kind === 'remove-local')
    const remote = removals.filter(
      ({ kind, path }) => kind === 'remove-remote' && !isFolderKey(path),
    )
    const marks = removals.filter(({ kind, path }) => kind === 'remove-remote' && isFolderKey(path))
    // Local ones deepest first and one by one, so that folders are empty when their turn comes.
    const ended = await Promise.allSettled([
      runPool(local, 1, signal, execution.remove),
      runPool(remote, jobs, signal, execution.remove),
    ])
    for (const end of ended) if (end.status === 'rejected') throw end.reason
    // The mark of a folder goes because of what is in it: only now it is known whether that stays.
    await runPool(marks, jobs, signal, execution.remove)
    return [...endings.problems, ...(await execution.stuck())]
  } finally {
    await execution.drain()
    onEvent({ type: 'phase', phase: 'recording' })
    await effects.recorder.settle()
  }
}

async function* nothing(): AsyncGenerator<readonly Action[]> {}
const NOTHING_MORE: AsyncIterable<readonly Action[]> = { [Symbol.asyncIterator]: nothing }

/** After one of these, no side holds the folder. (The mark of one that is filled here goes only if it is not emptied meanwhile.) */
const ENDS_FOLDER: ReadonlySet<Action['kind']> = new Set(['remove-local', 'forget'])

/** What the effects of one plan share. */
class Execution {
  readonly #effects: Effects
  readonly #endings: Endings
  readonly #placer: Placer
  readonly #crowdedOut: CrowdedOut
  readonly #pace: () => Promise<void>
  readonly #emptied = { keep: new Set<string>(), stuck: new Map<Path, DiskError>() }

  constructor(effects: Effects, endings: Endings) {
    this.#effects = effects
    this.#endings = endings
    this.#placer = new Placer(effects)
    this.#crowdedOut = new CrowdedOut(effects)
    this.#pace = paced(effects.disk)
  }

  grouped(actions: readonly Action[]): Schedule {
    for (const { path, kind } of actions)
      if (isFolderKey(path) && !ENDS_FOLDER.has(kind)) this.#emptied.keep.add(path)
    return schedule(actions, (path) => foldName(path, this.#effects.folding))
  }

  async bring({ ahead, clearing, transfers, records, ...renames }: Schedule): Promise<void> {
    const { jobs, signal } = this.#effects
    await runPool(ahead, jobs, signal, this.#transfer)
    // What makes room is needed by transfers; one after the other, since folders empty from the leaves.
    await runPool(clearing, 1, signal, this.remove)
    await moveLocally(this.#effects, renames, signal, this.#emptied, this.#endings.note)
    await runPool(transfers, jobs, signal, this.#transfer)
    await this.#placer.settle()
    await this.#crowdedOut.settle((action) => this.#fetched(action, signal), this.#notFetched)
    await this.#placer.settle()
    await runPool(records, jobs, signal, this.#transfer)
  }

  /** A batch that is being swapped ends before the lock goes: nothing happens behind the caller's back. */
  drain(): Promise<void> {
    return this.#placer.drain()
  }

  /** Folders that should have gone with what was in them. */
  stuck(): Promise<readonly Problem[]> {
    return stuckEmpty(this.#effects.disk, this.#emptied.stuck)
  }

  readonly #transfer = async (action: Action, signal: AbortSignal): Promise<void> => {
    if (action.kind === 'download' && !isFolderKey(action.path))
      await this.#download(action, signal)
    else await this.#attempt(action, signal)
  }

  async #download(action: DownloadAction, signal: AbortSignal): Promise<void> {
    const error = await this.#fetched(action, signal)
    if (error !== undefined && !this.#crowdedOut.takes(action, error))
      this.#notFetched(action, error)
  }

  readonly #notFetched = (action: DownloadAction, error: unknown): void => {
    rememberLink(this.#effects, action, error)
    this.#endings.note(action, error)
  }

  /**
   * It is noted as done when its batch is in place, not when its bytes are here: no slot is held meanwhile.
   * @returns what it failed with, if it did
   */
  async #fetched(action: DownloadAction, signal: AbortSignal): Promise<unknown> {
    const { note } = this.#endings
    try {
      const content =
        (await fetchHere(this.#effects, action, signal)) ??
        (await fetch(this.#effects, action.remote, signal))
      await this.#placer.add({
        action,
        content,
        done: (error) => {
          note(action, error)
        },
      })
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      return error
    }
  }

  readonly remove = async (action: Action, signal: AbortSignal): Promise<void> => {
    if (action.kind === 'remove-local') await this.#pace()
    if (!this.#endings.holdsBack(action)) await this.#attempt(action, signal)
  }

  async #attempt(action: Action, signal: AbortSignal): Promise<void> {
    try {
      if (this.#endings.lacksRoom(action)) throw new PathProblem('no-place-there')
      await effectOf(this.#effects, action, signal, this.#emptied)
    } catch (error) {
      this.#effects.signal.throwIfAborted()
      this.#endings.note(action, error)
      return
    }
    this.#endings.note(action)
  }
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
  await (sources.length > FEW ? disk.flushAll() : disk.flush(sources))
}

async function effectOf(
  effects: Effects,
  action: Action,
  signal: AbortSignal,
  emptied: Emptied,
): Promise<void> {
  switch (action.kind) {
    case 'upload':
      await keepRemoteInTrash(effects, action, signal)
      try {
        if (await copyMoved(effects, action, signal)) return
        return await upload(effects, action, signal, true)
      } catch (error) {
        throw await orTakenName(effects.provider, action, error, signal)
      }
    case 'move-local':
      throw new TypeError('moves of local files are done in batches')
    case 'download':
      await effects.newFolders.make(diskPath(action.path), new Set())
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
      return removeLocal(effects, action, signal, emptied)
    case 'remove-remote':
      await keepRemoteInTrash(effects, action, signal)
      return removeRemote(effects, action, signal)
  }
}
