import type { Action, Conflict, GuardName, LsyncEvent, RunReport, SyncMode } from '@lsync/core'
import { Args, Flags } from '@oclif/core'
import { LsyncCommand } from './base-command.ts'
import { EXIT, GUARDS } from './messages/table.ts'
import { parseRate } from './render/format.ts'
import { Renderer } from './render/renderer.ts'

const GUARD_NAMES = Object.keys(GUARDS)

/** sync, pull and push: one command in three directions. */
export abstract class MovingCommand extends LsyncCommand {
  static override strict = false

  static override args = {
    paths: Args.string({ description: 'files or folders; none = the whole repository' }),
  }

  static movingFlags = {
    'dry-run': Flags.boolean({ char: 'n', description: 'only say what would be done' }),
    jobs: Flags.integer({
      char: 'j',
      min: 1,
      max: 1024,
      description: 'requests in flight',
      helpValue: 'N',
    }),
    'max-delete': Flags.string({
      description: 'halt if more files would be removed on a side (default 50%)',
      helpValue: 'N|N%',
    }),
    allow: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      options: GUARD_NAMES,
      description: 'pass a safety guard by its name',
      helpValue: 'GUARD',
    }),
    conflict: Flags.string({
      options: ['manual', 'keep-both', 'newest', 'local', 'remote'],
      description: 'how to settle conflicts',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'only conflicts, problems and errors' }),
    verbose: Flags.boolean({ char: 'v', description: 'a line for every file' }),
    progress: Flags.boolean({
      default: true,
      allowNo: true,
      description: 'show progress on a terminal',
    }),
    bandwidth: Flags.string({
      description: 'bytes a second: 10M, or up:1M,down:5M',
      helpValue: 'RATE',
    }),
    wait: Flags.integer({
      min: 0,
      default: 0,
      description: 'wait for another lsync in this repository',
      helpValue: 'SECONDS',
    }),
    'log-file': Flags.string({
      description: 'append what happens to this file',
      helpValue: 'FILE',
    }),
  }

  static override flags = MovingCommand.movingFlags

  protected abstract readonly mode: SyncMode

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(MovingCommand)
    this.inFolder(flags)
    const options = this.options(flags)
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const paths = await this.pathsIn(repository, argv as string[])
    await this.move(machine, repository, paths, options)
  }

  /** Flags that oclif cannot check are checked here. */
  protected options(flags: {
    readonly 'max-delete'?: string | undefined
    readonly bandwidth?: string | undefined
    readonly [flag: string]: unknown
  }) {
    const maxDelete = flags['max-delete']
    if (maxDelete !== undefined && !/^\d+%?$/.test(maxDelete))
      this.error(`--max-delete takes a number or a percentage like 50%, not ${maxDelete}`, {
        exit: EXIT.usage,
      })
    const bandwidth = flags.bandwidth === undefined ? undefined : parseRate(flags.bandwidth)
    if (flags.bandwidth !== undefined && bandwidth === undefined)
      this.error(`--bandwidth takes a rate like 10M or up:1M,down:5M, not ${flags.bandwidth}`, {
        exit: EXIT.usage,
      })
    return {
      maxDelete,
      bandwidth,
      dryRun: flags['dry-run'] === true,
      jobs: flags['jobs'] as number | undefined,
      allow: (flags['allow'] ?? []) as GuardName[],
      conflict: flags['conflict'] as 'manual' | undefined,
      wait: flags['wait'] as number,
      render: {
        quiet: flags['quiet'] === true,
        verbose: flags['verbose'] === true,
        json: flags['json'] === true,
        progress: flags['progress'] !== false,
        dryRun: flags['dry-run'] === true,
        logFile: flags['log-file'] as string | undefined,
      },
    }
  }

  protected async move(
    machine: Awaited<ReturnType<MovingCommand['machine']>>,
    repository: Awaited<ReturnType<MovingCommand['repository']>>,
    paths: readonly string[],
    options: ReturnType<MovingCommand['options']>,
  ): Promise<void> {
    const { parseMaxDelete, syncRepository } = await import('@lsync/core')
    const { maxDelete, bandwidth, dryRun, jobs, allow, conflict, wait } = options
    const renderer = new Renderer(options.render)
    const actions: unknown[] = []
    const onEvent = (event: LsyncEvent): void => {
      renderer.onEvent(event)
      if (this.json && event.type === 'action')
        actions.push(actionFacts(event.action, event.result))
    }
    let report: RunReport
    try {
      report = await syncRepository(machine, repository, {
        mode: this.mode,
        paths,
        dryRun,
        ...(jobs === undefined ? {} : { jobs }),
        ...(maxDelete === undefined ? {} : { maxDelete: parseMaxDelete(maxDelete) }),
        allow,
        ...(conflict === undefined ? {} : { conflict }),
        ...(bandwidth === undefined ? {} : { bandwidth }),
        wait,
        signal: this.abort.signal,
        onEvent,
      })
    } finally {
      renderer.clear()
    }
    renderer.finish(report)
    const exit = exitOf(report)
    this.document(
      {
        remote: report.remote,
        dryRun,
        actions,
        conflicts: report.conflicts.map(conflictFacts),
        problems: report.problems.map(({ path, code, detail }) => ({
          path,
          code,
          message: detail ?? code,
        })),
        totals: report.totals,
        ...(report.halted.length > 0 ? { halted: report.halted } : {}),
      },
      exit,
    )
    if (exit !== EXIT.done) this.exit(exit)
  }
}

/** Several may apply: 5, 3, 4 in that order (6 is an error, and never gets here). */
export function exitOf(report: RunReport): number {
  if (report.halted.length > 0) return EXIT.halted
  if (report.conflicts.length > 0) return EXIT.conflicts
  return report.problems.length > 0 ? EXIT.problems : EXIT.done
}

export function actionFacts(action: Action, result: string) {
  const up = action.kind === 'upload' || action.kind === 'remove-remote'
  const down =
    action.kind === 'download' || action.kind === 'remove-local' || action.kind === 'set-executable'
  const bytes =
    action.kind === 'upload'
      ? action.from.stat.size
      : action.kind === 'download'
        ? action.remote.size
        : 0
  return {
    path: action.path,
    action: action.kind,
    direction: up ? 'up' : down ? 'down' : action.kind === 'keep-both' ? 'both' : 'none',
    bytes,
    result,
  }
}

export function conflictFacts({ path, kind, local, remote, base }: Conflict) {
  return {
    path,
    kind,
    local: local === 'absent' ? null : { size: local.stat.size, mtime: local.stat.mtime },
    remote:
      remote === 'absent'
        ? null
        : { size: remote.size, modified: remote.modified, version: remote.version },
    base: base === undefined ? null : { size: base.size, sha256: base.sha256 },
  }
}
