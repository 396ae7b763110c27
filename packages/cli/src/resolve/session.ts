import {
  type Conflict,
  type GuardName,
  type Halt,
  type LsyncEvent,
  type Machine,
  moveAsideLocally,
  moveBackLocally,
  openSides,
  type Problem,
  replaceLocally,
  type Repository,
  type RunOptions,
  type RunReport,
  type Settlement,
  type Sides,
  statusRepository,
  syncRepository,
} from '@lsync/core'
import { ActionsDone } from '../facts.ts'

export type Keep = 'local' | 'remote' | 'both' | 'newest'

/** A conflict whose two sides are both files, as it was shown. */
interface Shown {
  readonly path: string
  readonly local: Exclude<Conflict['local'], 'absent'>
  readonly remote: Exclude<Conflict['remote'], 'absent'>
}

export interface Surroundings {
  readonly machine: Machine
  readonly repository: Repository
  readonly options: Pick<RunOptions, 'dryRun' | 'allow' | 'jobs' | 'bandwidth' | 'wait'>
  readonly signal: AbortSignal
  /** A new listener for each run, since a person is asked between them. */
  readonly watch: () => { readonly onEvent: (event: LsyncEvent) => void; readonly stop: () => void }
}

/** True if a side of the conflict is not any more what was shown. */
export function isMoved(now: Conflict, shown: Conflict): boolean {
  const version = ({ remote }: Conflict) => (remote === 'absent' ? undefined : remote.version)
  const stamp = ({ local }: Conflict) => (local === 'absent' ? undefined : local.stat.ctime)
  return version(now) !== version(shown) || stamp(now) !== stamp(shown)
}

/** What a choice between two shown versions cannot be an accident of. Whose remote it is, is another question. */
const DELIBERATE: readonly GuardName[] = ['mass-change', 'unrelated', 'emptied', 'mass-delete']
/** Up to so many paths are looked at by name. */
const FEW = 100

/** Settles conflicts by runs over just their paths, under the lock, and collects what came of it. */
export class Session {
  readonly #with: Surroundings
  readonly #done = new ActionsDone()
  readonly problems = new Map<string, Problem>()
  readonly halted: Halt[] = []
  readonly settled: { readonly path: string; readonly keep: Keep | 'merge' }[] = []

  constructor(surroundings: Surroundings) {
    this.#with = surroundings
  }

  /** The facts of what the runs did. */
  get actions(): readonly unknown[] {
    return this.#done.facts
  }

  /**
   * @param within what was named on the command line
   * @returns the conflicts that are left, as they are now: they moved since they were shown, or no side is the newer one
   */
  async keepAll(
    conflicts: readonly Conflict[],
    keep: Keep,
    within: readonly string[],
  ): Promise<readonly Conflict[]> {
    const files = conflicts.filter(({ kind }) => kind === 'content')
    const left = [await this.#keepFiles(files, keep, within)]
    for (const conflict of conflicts)
      if (conflict.kind === 'file-folder') left.push(await this.#keepTree(conflict, keep))
    return left.flat()
  }

  async #keepFiles(
    conflicts: readonly Conflict[],
    keep: Keep,
    within: readonly string[],
  ): Promise<readonly Conflict[]> {
    const settlements = new Map<string, Settlement>()
    for (const { path, local, remote } of conflicts)
      if (local !== 'absent' && remote !== 'absent')
        settlements.set(path, {
          keep: keep === 'both' ? 'keep-both' : keep,
          local: local.stat,
          remote: remote.version,
        })
    if (settlements.size === 0) return []
    const report = await this.#run({
      mode: 'sync',
      paths: settlements.size > FEW ? within : [...settlements.keys()],
      settlements,
      allow: [...this.#with.options.allow, ...DELIBERATE],
    })
    return this.#conclude(conflicts, report, keep)
  }

  /** A file here and a folder there, or the reverse: one of the two sides is mirrored below this path, or the local one gives way. */
  async #keepTree(conflict: Conflict, keep: Keep): Promise<readonly Conflict[]> {
    const { path } = conflict
    const { machine, repository, options, signal } = this.#with
    if (keep === 'newest') return [conflict]
    const { conflicts } = await statusRepository(machine, repository, {
      paths: [path],
      local: false,
      policy: 'manual',
      ...(options.wait === undefined ? {} : { wait: options.wait }),
      signal,
      onEvent: () => undefined,
    })
    const now = conflicts.find((other) => other.path === path)
    // RACE: what is below the folder may change until the run looks at it; worst outcome: what nobody was shown is in the trash.
    if (now?.kind !== 'file-folder' || isMoved(now, conflict)) return now === undefined ? [] : [now]
    if (keep === 'both') return this.#keepBothTrees(conflict)
    const report = await this.#run({
      mode: keep === 'local' ? 'push' : 'pull',
      override: 'mirror',
      paths: [path],
      allow: options.allow,
    })
    return this.#conclude([conflict], report, keep)
  }

  async #keepBothTrees(conflict: Conflict): Promise<readonly Conflict[]> {
    const { path } = conflict
    const { machine, repository, options, signal } = this.#with
    if (options.dryRun) {
      // What the run will do shows once the local side has made room, and not before.
      this.settled.push({ path, keep: 'both' })
      return []
    }
    const aside = await moveAsideLocally(machine, repository, path, signal)
    const report = await this.#run({ mode: 'sync', paths: [path, aside], allow: options.allow })
    // Nothing was changed, a guard says: nor was this name.
    if (report.halted.length > 0)
      await moveBackLocally(machine, repository, { aside, path }, signal)
    return this.#conclude([conflict], report, 'both')
  }

  /**
   * Puts a merge in the place of both sides.
   * @returns false if the local file was not any more what was merged; then nothing was done
   */
  async applyMerge(
    shown: Shown,
    content: Uint8Array,
    changesLocal: boolean,
  ): Promise<readonly Conflict[] | undefined> {
    const { machine, repository, options, signal } = this.#with
    const { path, remote } = shown
    let { local } = shown
    if (options.dryRun) {
      this.settled.push({ path, keep: 'merge' })
      return []
    }
    if (changesLocal) {
      const replacement = { path, from: local, content }
      const now = await replaceLocally(machine, repository, replacement, signal)
      if (now === undefined) return undefined
      local = now
    }
    const settlement: Settlement = { keep: 'local', local: local.stat, remote: remote.version }
    const report = await this.#run({
      mode: 'sync',
      paths: [path],
      settlements: new Map([[path, settlement]]),
      allow: [...options.allow, ...DELIBERATE],
    })
    return this.#conclude([{ ...shown, kind: 'content' }], report, 'merge')
  }

  open(path: string): Promise<Sides> {
    const { machine, repository, signal } = this.#with
    return openSides(machine, repository, path, { signal, onEvent: () => undefined })
  }

  #conclude(
    asked: readonly Conflict[],
    report: RunReport,
    keep: Keep | 'merge',
  ): readonly Conflict[] {
    if (report.halted.length > 0) return asked
    const open = new Map(report.conflicts.map((conflict) => [conflict.path, conflict]))
    const failed = new Set(report.problems.map(({ path }) => path))
    return asked.flatMap((conflict) => {
      const left = open.get(conflict.path) ?? (failed.has(conflict.path) ? conflict : undefined)
      if (left !== undefined) return [left]
      this.settled.push({ path: conflict.path, keep })
      return []
    })
  }

  async #run(
    options: Pick<RunOptions, 'mode' | 'paths' | 'allow' | 'settlements' | 'override'>,
  ): Promise<RunReport> {
    const { machine, repository, signal, watch } = this.#with
    const renderer = watch()
    try {
      const report = await syncRepository(machine, repository, {
        ...this.#with.options,
        ...options,
        conflict: 'manual',
        signal,
        onEvent: (event) => {
          renderer.onEvent(event)
          this.#done.onEvent(event)
        },
      })
      for (const problem of report.problems)
        if (options.settlements === undefined || options.settlements.has(problem.path))
          this.problems.set(problem.path, problem)
      this.halted.push(...report.halted)
      return report
    } finally {
      renderer.stop()
    }
  }
}
