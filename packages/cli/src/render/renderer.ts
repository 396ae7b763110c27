import type { LsyncEvent, RunReport } from '@lsync/core'
import { eventLine, noteOf, reportLines } from './lines.ts'
import { fold, type Progress, START, statusLine } from './progress.ts'

export interface RendererOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  /** Nothing but the document goes to stdout. */
  readonly json: boolean
  readonly progress: boolean
  readonly dryRun: boolean
}

/** Where a renderer writes; a test stands in for it. */
export interface Output {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Undefined where stderr is no terminal: no line can be rewritten there. */
  readonly columns: () => number | undefined
  readonly now: () => number
}

const REFRESH = 100
/** Where no line can be rewritten, a sign of life is a line of its own: seldom. */
const REFRESH_PLAIN = 30_000
const TICK = 1000
/** So many files are worth a line each without being asked. */
const FEW = 50

/** Shows a run: one rewritten line on a terminal, plain lines elsewhere, a report at the end. */
export class Renderer {
  readonly #options: RendererOptions
  readonly #output: Output
  #progress: Progress = START
  #drawn: number
  #onLine = false
  #lines = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: RendererOptions, output: Output) {
    this.#options = options
    this.#output = output
    this.#drawn = output.now()
  }

  readonly onEvent = (event: LsyncEvent): void => {
    const now = this.#output.now()
    this.#progress = fold(this.#progress, event, now)
    const note = noteOf(event)
    if (note !== undefined && !this.#options.quiet) {
      this.clear()
      this.#output.stderr(`note: ${note}\n`)
    }
    if (!this.#options.quiet && !this.#options.json) this.#sayLine(event)
    this.#draw(now)
    // Also when nothing happens, so that a rate that falls to nothing is seen to.
    this.#timer ??= setInterval(() => {
      this.#draw(this.#output.now())
    }, TICK).unref()
  }

  /** The report at the end. */
  finish(report: RunReport): void {
    this.stop()
    if (this.#options.json) return
    for (const line of reportLines(report, this.#options)) this.#output.stdout(`${line}\n`)
  }

  /** Before anything else is written. */
  clear(): void {
    if (!this.#onLine) return
    this.#output.stderr('\r\u001B[K')
    this.#onLine = false
  }

  stop(): void {
    clearInterval(this.#timer)
    this.clear()
  }

  #sayLine(event: LsyncEvent): void {
    const { verbose, dryRun } = this.#options
    const all = verbose || dryRun
    if (!all && this.#lines > FEW) return
    const line = eventLine(event, this.#options)
    if (line === undefined) return
    this.#lines++
    this.clear()
    this.#output.stdout(
      all || this.#lines <= FEW ? `${line}\n` : '… and more; -v shows every file\n',
    )
  }

  #draw(now: number): void {
    const { progress, quiet } = this.#options
    if (!progress || quiet) return
    const columns = this.#output.columns()
    if (now - this.#drawn < (columns === undefined ? REFRESH_PLAIN : REFRESH)) return
    this.#drawn = now
    const line = statusLine(this.#progress, now)
    if (columns === undefined) {
      this.#output.stderr(`${line}\n`)
      return
    }
    this.#output.stderr(`\r\u001B[K${line.slice(0, columns - 1)}`)
    this.#onLine = true
  }
}

/** This process's own streams. */
export const PROCESS_OUTPUT: Output = {
  stdout: (text) => {
    process.stdout.write(text)
  },
  stderr: (text) => {
    process.stderr.write(text)
  },
  columns: () =>
    process.stderr.isTTY && process.env['TERM'] !== 'dumb'
      ? process.stderr.columns || 80
      : undefined,
  now: () => performance.now(),
}
