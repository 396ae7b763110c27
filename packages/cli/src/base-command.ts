import { resolve } from 'node:path'
import type { LsyncEvent, Machine, Repository } from '@lsync/core'
import { Command, Errors, Flags } from '@oclif/core'
import { describe, type Described } from './messages/describe.ts'
import { EXIT } from './messages/table.ts'

/** The version of every `--json` document's shape (docs/json.md). */
const SCHEMA = 1

/** What all commands of lsync share: the folder they run in, interruption, and one way for errors to become words and an exit code. */
export abstract class LsyncCommand extends Command {
  static override baseFlags = {
    directory: Flags.string({
      char: 'C',
      description: 'run as if started in this folder',
      helpGroup: 'GLOBAL',
      helpValue: 'DIR',
    }),
    json: Flags.boolean({
      description: 'print one JSON document instead of text',
      helpGroup: 'GLOBAL',
    }),
  }

  protected readonly abort = new AbortController()
  protected json = false
  protected folder = process.cwd()

  override async init(): Promise<void> {
    await super.init()
    this.json = this.argv.includes('--json')
    const interrupt = (): void => {
      // The second time the person means it: nothing is half done, what is not recorded is compared again.
      if (this.abort.signal.aborted) process.exit(EXIT.interrupted)
      process.exitCode = EXIT.interrupted
      this.abort.abort(new Interrupted())
    }
    process.on('SIGINT', interrupt)
    process.on('SIGTERM', interrupt)
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
    })
  }

  /** The folder that `-C` names, or the current one. */
  protected inFolder(flags: { readonly directory?: string | undefined }): string {
    this.folder = resolve(flags.directory ?? '.')
    return this.folder
  }

  protected async machine(): Promise<Machine> {
    const { machineOf } = await import('./machine.ts')
    return machineOf(this.config)
  }

  protected async repository(machine: Machine): Promise<Repository> {
    const { openRepository } = await import('@lsync/core')
    return openRepository(machine, this.folder)
  }

  /** Paths of the command line, relative to the folder it runs in, as the repository's own. */
  protected async pathsIn(
    repository: Repository,
    paths: readonly string[],
  ): Promise<readonly string[]> {
    const { pathInRepository } = await import('@lsync/core')
    return paths.map((path) => pathInRepository(repository, resolve(this.folder, path)))
  }

  /** The command's one document, with what every document has. */
  protected document(facts: Readonly<Record<string, unknown>>, exitCode: number): void {
    if (!this.json) return
    this.writeJson({ schema: SCHEMA, command: this.id ?? '', ...facts, exitCode })
  }

  private writeJson(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<unknown> {
    if (error instanceof Errors.ExitError) throw error
    if (this.abort.signal.aborted || error instanceof Interrupted)
      return this.end({
        code: 'interrupted',
        message: 'Interrupted. What was done is recorded; the next run goes on.',
        exit: EXIT.interrupted,
      })
    // oclif's own words for a wrong flag or a missing argument are good; only the exit code is ours.
    if (error instanceof Errors.CLIError)
      return this.end({ code: 'usage', message: error.message, exit: EXIT.usage })
    const described = describe(error)
    if (described.exit === EXIT.bug && process.env['LSYNC_DEBUG'] === '1')
      process.stderr.write(`${error.stack}\n`)
    return this.end(described)
  }

  private end({ code, message, hint, exit }: Described): never {
    process.stderr.write(`lsync: ${message}\n${hint === undefined ? '' : `${hint}\n`}`)
    this.document({ error: { code, message, ...(hint === undefined ? {} : { hint }) } }, exit)
    this.exit(exit)
  }
}

/** The reason of an abort by Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  constructor() {
    super('interrupted')
  }
}

export type OnEvent = (event: LsyncEvent) => void
