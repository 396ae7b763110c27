import { appendFileSync } from 'node:fs'
import type { LsyncEvent } from '@lsync/core'
import { escapeName } from './escape.ts'
import { conflictLine, haltLine, problemLine, noteOf } from './lines.ts'
import { wrongUsage } from '../messages/usage.ts'

/** What happens, a line each with its time, appended to a file of the person's choice. */
export class LogFile {
  /** Absolute. */
  readonly path: string

  constructor(path: string) {
    this.path = path
    try {
      appendFileSync(path, '')
    } catch (error) {
      throw wrongUsage(
        `The log file ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  readonly onEvent = (event: LsyncEvent): void => {
    const line = logLine(event)
    if (line !== undefined) this.write(line)
  }

  write(line: string): void {
    try {
      appendFileSync(this.path, `${new Date().toISOString()} ${line}\n`)
    } catch {
      // A log that is full must not end a run that goes well.
    }
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
    case 'halted':
      return haltLine(event.halt)
    case 'notice':
    case 'trash-cleared':
      return `note: ${noteOf(event)}`
    case 'phase':
      return `phase: ${event.phase}`
    default:
      return undefined
  }
}
