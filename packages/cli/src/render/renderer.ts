import { appendFileSync } from 'node:fs'
import type { LsyncEvent, RunReport } from '@lsync/core'
import { escapeName } from './escape.ts'
import { actionLine, conflictLine, problemLine, summaryLines } from './lines.ts'
import { fold, type Progress, START, statusLine } from './progress.ts'

export interface RendererOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  /** Nothing but the document goes to stdout. */
  readonly json: boolean
  readonly progress: boolean
  readonly dryRun: boolean
  readonly logFile?: string | undefined
}

const REFRESH = 100
/** So many single files are worth a line each without being asked. */
const FEW = 50

/** Shows a run: one rewritten line on a terminal, plain lines elsewhere, a summary at the end. */
export class Renderer {
  readonly #options: RendererOptions
  readonly #terminal: boolean
  #progress: Progress = START
  #drawn = 0
  #onLine = false
  #lines = 0

  constructor(options: RendererOptions) {
    this.#options = options
    this.#terminal = options.progress && !options.quiet && process.stderr.isTTY
  }

  readonly onEvent = (event: LsyncEvent): void => {
    const now = Date.now()
    this.#progress = fold(this.#progress, event, now)
    this.#log(event)
    if (event.type === 'action' && !this.#options.quiet && !this.#options.json) {
      const line =
        event.result === 'failed' || event.result === 'skipped'
          ? undefined
          : actionLine(event.action, event.result === 'planned')
      if (
        line !== undefined &&
        (this.#options.verbose || this.#options.dryRun || this.#progress.transfers <= FEW)
      )
        this.#say(line)
    }
    if (event.type === 'notice' && !this.#options.quiet)
      this.#warn(`note: ${escapeName(event.message)}`)
    if (this.#terminal && now - this.#drawn >= REFRESH) {
      this.#drawn = now
      const width = (process.stderr.columns || 80) - 1
      process.stderr.write(`\r\u001B[K${statusLine(this.#progress, now).slice(0, width)}`)
      this.#onLine = true
    }
  }

  /** What is left to say at the end. */
  finish(report: RunReport): void {
    this.#clear()
    if (this.#options.json) return
    const lines = summaryLines(report, this.#options.dryRun)
    const important = report.halted.length + report.conflicts.length + report.problems.length > 0
    if (!this.#options.quiet || important) process.stdout.write(`${lines.join('\n')}\n`)
  }

  /** Before anything else is written. */
  clear(): void {
    this.#clear()
  }

  #say(line: string): void {
    this.#clear()
    this.#lines++
    process.stdout.write(`${line}\n`)
  }

  #warn(line: string): void {
    this.#clear()
    process.stderr.write(`${line}\n`)
  }

  #clear(): void {
    if (!this.#onLine) return
    process.stderr.write('\r\u001B[K')
    this.#onLine = false
  }

  #log(event: LsyncEvent): void {
    const { logFile } = this.#options
    if (logFile === undefined) return
    const line = logLine(event)
    if (line !== undefined) appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`)
  }
}

function logLine(event: LsyncEvent): string | undefined {
  switch (event.type) {
    case 'action':
      return `${event.result}: ${event.action.kind} ${escapeName(event.action.path)}`
    case 'conflict':
      return conflictLine(event.conflict)
    case 'problem':
      return problemLine(event.problem)
    case 'notice':
      return `note: ${escapeName(event.message)}`
    case 'phase':
      return `phase: ${event.phase}`
    default:
      return undefined
  }
}
