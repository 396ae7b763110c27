import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Machine, Repository } from '@lsync/core'
import { Command } from '@oclif/core/command'
import * as Errors from '@oclif/core/errors'
import * as Flags from '@oclif/core/flags'
import { INTERRUPTED, listenForInterruption, stopListening } from './interruption.ts'
import type { Described } from './messages/describe.ts'
import { EXIT } from './messages/exit.ts'
import { asksForDocument, documentText } from './render/document.ts'
import { escapeName, escapeText } from './render/escape.ts'
import { PROCESS_OUTPUT, Renderer, type RendererOptions } from './render/renderer.ts'
import { usageWords, wrongUsage } from './messages/usage.ts'

/** What all commands of lsync share: the folder they run in, interruption, and one way for an outcome to become words, a document and an exit code. */
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
  /** Absolute and without symbolic links, so that it can be compared with a repository's root. */
  protected folder = ''
  #renderer: Renderer | undefined

  /** Reading commands end when nobody reads them any more (`lsync ls | head`); one that changes something goes on to its end. */
  protected readonly endsWithItsReader: boolean = true

  override async init(): Promise<void> {
    await super.init()
    this.json = asksForDocument(this.argv)
    listenForInterruption(this.#interrupt)
    process.on('uncaughtException', this.#bug)
    process.stdout.on('error', this.#closed)
    process.stderr.on('error', this.#closed)
  }

  protected override async finally(failure: Error | undefined): Promise<void> {
    this.#renderer?.stop()
    stopListening(this.#interrupt)
    process.off('uncaughtException', this.#bug)
    process.stderr.off('error', this.#closed)
    // Not that of stdout: a write that is still under way may fail yet.
    await super.finally(failure)
  }

  /** As if Ctrl-C had been pressed: where a question took the key. */
  protected readonly interrupt = (): never => {
    this.abort.abort(new Interrupted())
    throw this.abort.signal.reason
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    if (!this.abort.signal.aborted) this.abort.abort(new Interrupted())
    // The second time the person means it: nothing is half done, and what is not recorded is compared again. A terminal that closes tells more than once.
    else if (signal !== 'SIGHUP') process.exit(EXIT.interrupted)
  }

  readonly #bug = (thrown: Error): void => {
    void this.catch(thrown).catch(() => process.exit(EXIT.bug))
  }

  readonly #closed = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE' && this.endsWithItsReader) this.abort.abort(new ReaderGone())
  }

  /** Where the command runs: what `-C` names, or the current folder. */
  protected enter(flags: { readonly directory?: string | undefined }): void {
    const wanted = flags.directory ?? '.'
    try {
      const folder = realpathSync(resolve(wanted))
      // Else the search for a repository would go on above it, and find another one.
      if (!statSync(folder).isDirectory()) throw new Error('it is no folder')
      this.folder = folder
    } catch {
      throw wrongUsage(`There is no folder ${wanted}`)
    }
  }

  protected async machine(): Promise<Machine> {
    const { machineOf } = await import('./machine.ts')
    return machineOf(this.config)
  }

  protected async repository(machine: Machine): Promise<Repository> {
    const { openRepository } = await import('@lsync/core')
    return openRepository(machine, this.folder)
  }

  /** Paths of the command line as the repository's own. */
  protected async pathsIn(
    repository: Repository,
    paths: readonly unknown[],
  ): Promise<readonly string[]> {
    const { repositoryPath } = await import('./paths.ts')
    return Promise.all(paths.map((path) => repositoryPath(repository, this.folder, String(path))))
  }

  /** Shows where the command is, until something else is written. One at a time: an earlier one would draw over what comes now. */
  protected watch(options: Partial<RendererOptions> = {}): Renderer {
    this.#renderer?.stop()
    this.#renderer = new Renderer(
      { quiet: false, verbose: false, progress: true, dryRun: false, json: this.json, ...options },
      PROCESS_OUTPUT,
    )
    return this.#renderer
  }

  /** What a person reads; not a word of it beside a document. */
  protected say(lines: string | Iterable<string>): void {
    this.#renderer?.clear()
    if (this.json) return
    this.abort.signal.throwIfAborted()
    for (const page of inPages(typeof lines === 'string' ? [lines] : lines))
      process.stdout.write(`${page.join('\n')}\n`)
  }

  /** Ends the command: its document, if one was asked for, and its exit code. */
  protected async end(
    facts: Readonly<Record<string, unknown>>,
    exitCode: number = EXIT.done,
  ): Promise<void> {
    this.#renderer?.stop()
    await this.document(facts, exitCode)
    if (exitCode !== EXIT.done) this.exit(exitCode)
  }

  private async document(
    facts: Readonly<Record<string, unknown>>,
    exitCode: number,
  ): Promise<void> {
    if (!this.json) return
    const command = (this.id ?? '').replaceAll(':', ' ')
    const text = documentText(command, facts, exitCode)
    // The process is about to exit: a document that is longer than the pipe holds must be taken first.
    await new Promise<void>((taken) => {
      process.stdout.write(text, 'utf8', () => {
        taken()
      })
    })
  }

  /** For what a command wants to note of its failure. */
  protected onFailure(_described: Described, _error: Error): void {}

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.ExitError) throw error
    this.#renderer?.stop()
    const { reason } = this.abort.signal as { reason?: unknown }
    if (reason instanceof ReaderGone) return
    const described = await this.describe(error)
    this.onFailure(described, error)
    const { code, message, hint, exit } = described
    if (exit === EXIT.bug && process.env['LSYNC_DEBUG'] === '1')
      process.stderr.write(`${escapeText(error.stack ?? '')}\n`)
    process.stderr.write(`lsync: ${message}\n${hint === undefined ? '' : `${hint}\n`}`)
    await this.document({ error: { code, message, ...(hint === undefined ? {} : { hint }) } }, exit)
    this.exit(exit)
  }

  /** A failure that ends a part of the command only: said at once. What ends the command is rethrown. */
  protected async partFailed(name: string, error: unknown): Promise<Described> {
    const failure = error instanceof Error ? error : new Error(String(error))
    if (this.abort.signal.aborted || failure instanceof Errors.ExitError) throw failure
    const described = await this.describe(failure)
    this.#renderer?.stop()
    this.onFailure(described, failure)
    process.stderr.write(`lsync: ${escapeName(name)}: ${described.message}\n`)
    if (described.hint !== undefined) process.stderr.write(`${described.hint}\n`)
    return described
  }

  private async describe(error: Error): Promise<Described> {
    if (this.abort.signal.aborted) return { ...INTERRUPTED, exit: EXIT.interrupted }
    // oclif's own words for a wrong flag or a missing argument are good; only the exit code is ours.
    if (error instanceof Errors.CLIError) {
      return { code: 'usage', message: usageWords(error.message), exit: EXIT.usage }
    }
    const { describe } = await import('./messages/describe.ts')
    // A command without flags of its own has no list of them.
    const flags = { ...this.ctor.flags }
    return describe(error, { waits: 'wait' in flags ? 1 : 0, begins: 'set' in flags ? 1 : 0 })
  }
}

/** Why a command was told to stop: Ctrl-C, and the like. */
class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Why a command was told to stop: nobody reads its output any more. */
class ReaderGone extends Error {
  override readonly name = 'ReaderGone'
}

/** Neither a write for each line nor one text of them all: a status may have a million. */
function* inPages(lines: Iterable<string>): Generator<readonly string[]> {
  let page: string[] = []
  for (const line of lines)
    if (page.push(line) === PAGE) {
      yield page
      page = []
    }
  if (page.length > 0) yield page
}

const PAGE = 1024
