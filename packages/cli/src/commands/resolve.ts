import type { Conflict } from '@lsync/core'
import * as Flags from '@oclif/core/flags'
import { LsyncCommand } from '../base-command.ts'
import { conflictFacts, haltFacts, problemFacts } from '../facts.ts'
import { exitOf } from '../moving-command.ts'
import { movingFlags, runSettings } from '../moving-flags.ts'
import { pathsArgument } from '../paths.ts'
import { count } from '../render/format.ts'
import { conflictLine, first, haltLines, problemLine } from '../render/lines.ts'
import { withoutNewer } from '../resolve/newest.ts'
import type { Session } from '../resolve/session.ts'
import { wrongUsage } from '../messages/usage.ts'

const { 'max-delete': _maxDelete, conflict: _conflict, ...runFlags } = movingFlags

export default class Resolve extends LsyncCommand {
  static override description =
    'Settle conflicts: in a terminal one by one, else by --keep or --merge. What loses is kept in the trash.'
  static override strict = false
  static override args = pathsArgument
  static override flags = {
    keep: Flags.option({
      options: ['local', 'remote', 'both', 'newest'] as const,
      description: 'settle without asking: which version stays',
      exclusive: ['merge'],
    })(),
    merge: Flags.boolean({
      default: false,
      description: 'merge texts: with your merge-tool, else by lines where they do not overlap',
    }),
    all: Flags.boolean({
      default: false,
      description: 'all conflicts of the repository, where no paths are named',
    }),
    ...runFlags,
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --keep both notes.txt',
    '<%= config.bin %> <%= command.id %> --merge --all',
  ]

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Resolve)
    this.enter(flags)
    const how = flags.keep ?? (flags.merge ? 'merge' : 'ask')
    this.#check(how === 'ask', argv.length > 0 || flags.all)
    const { options, render, log } = runSettings(flags, this.folder)
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const paths = await this.pathsIn(repository, argv)
    const { statusRepository } = await import('@lsync/core')
    const renderer = this.watch(render)
    const status = await statusRepository(machine, repository, {
      paths,
      local: false,
      policy: 'manual',
      wait: options.wait,
      signal: this.abort.signal,
      onEvent: renderer.onEvent,
    })
    renderer.stop()
    const { conflicts } = status
    const { Session } = await import('../resolve/session.ts')
    const session = new Session({
      machine,
      repository,
      options,
      signal: this.abort.signal,
      watch: () => {
        const watching = this.watch(render)
        return {
          onEvent: (event) => {
            watching.onEvent(event)
            log?.onEvent(event)
          },
          stop: () => {
            watching.stop()
          },
        }
      },
    })
    // What is named and cannot be settled from here is no settled matter.
    for (const problem of status.problems)
      if (problem.code === 'nested') session.problems.set(problem.path, problem)
    let left: readonly Conflict[] = []
    if (conflicts.length === 0) this.say('No conflicts.')
    else if (how === 'merge') left = await this.#mergeAll(session, conflicts)
    else if (how !== 'ask') left = await session.keepAll(conflicts, how, paths)
    else left = await this.#ask(session, conflicts)
    // A merge has said of each why it is left.
    if (how !== 'merge') this.say(first(left.map(conflictLine), 'conflicts'))
    const equal = how === 'newest' ? withoutNewer(conflicts, left, session) : 0
    if (equal > 0)
      this.say(
        `Of ${count(equal, 'conflict')} neither side is the newer one: times within a second count as one, and of a file and a folder none is newer. Choose with --keep local, remote or both.`,
      )
    await this.#finish(session, conflicts.length, left, status.remote, options.dryRun)
  }

  #check(asks: boolean, named: boolean): void {
    const nobody = this.json || !process.stdin.isTTY || !process.stdout.isTTY
    if (asks && nobody)
      throw wrongUsage(
        'This is no terminal, so nobody can be asked: say what to do with --keep local, remote, both or newest, or with --merge',
      )
    if (!asks && !named) throw wrongUsage('Name the paths to settle, or all of them with --all')
  }

  async #ask(session: Session, conflicts: readonly Conflict[]): Promise<readonly Conflict[]> {
    const { askOneByOne } = await import('../resolve/ask.ts')
    const { toolsOf } = await import('../compare/tools.ts')
    try {
      return await askOneByOne(session, conflicts, {
        say: (lines) => {
          this.say(lines)
        },
        tools: toolsOf(await this.machine()),
        signal: this.abort.signal,
      })
    } catch (error) {
      // Ctrl-C at a question.
      if (error instanceof Error && error.name === 'ExitPromptError') this.interrupt()
      throw error
    }
  }

  async #mergeAll(session: Session, conflicts: readonly Conflict[]): Promise<readonly Conflict[]> {
    const { mergeOne } = await import('../resolve/merge-one.ts')
    const { toolsOf } = await import('../compare/tools.ts')
    const tools = toolsOf(await this.machine())
    const left: Conflict[] = []
    for (const conflict of conflicts) {
      const outcome = await mergeOne(session, conflict, tools, false)
      if (outcome.left !== undefined) left.push(outcome.left)
      this.say(outcome.said)
    }
    return left
  }

  async #finish(
    session: Session,
    before: number,
    left: readonly Conflict[],
    remote: string,
    dryRun: boolean,
  ): Promise<void> {
    const problems = [...session.problems.values()]
    const { settled, halted, actions } = session
    if (halted.length > 0) this.say(haltLines(halted))
    this.say(first(problems.map(problemLine), 'problems'))
    if (before > 0)
      this.say(
        `${count(settled.length, 'conflict')} ${dryRun ? 'would be ' : ''}settled, ${left.length} left.`,
      )
    await this.end(
      {
        remote,
        dryRun,
        settled,
        actions,
        conflicts: left.map(conflictFacts),
        problems: problems.map(problemFacts),
        ...(halted.length > 0 ? { halted: halted.map(haltFacts) } : {}),
      },
      exitOf({ halted, conflicts: left, problems }),
    )
  }
}
