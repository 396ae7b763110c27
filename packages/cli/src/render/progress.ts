import type { LsyncEvent } from '@lsync/core'
import { formatBytes, formatDuration } from './format.ts'

/** Where a run is, folded from its events. */
export interface Progress {
  readonly phase: string
  readonly seen: number
  readonly hashed: number
  readonly transfers: number
  readonly transfersDone: number
  readonly bytes: number
  readonly bytesDone: number
  /** When the transfers began, in milliseconds. */
  readonly began: number
}

export const START: Progress = {
  phase: 'opening',
  seen: 0,
  hashed: 0,
  transfers: 0,
  transfersDone: 0,
  bytes: 0,
  bytesDone: 0,
  began: 0,
}

const TRANSFERS: ReadonlySet<string> = new Set(['upload', 'download', 'keep-both'])

export function fold(progress: Progress, event: LsyncEvent, now: number): Progress {
  switch (event.type) {
    case 'phase':
      return {
        ...progress,
        phase: event.phase,
        ...(event.phase === 'transferring' ? { began: now } : {}),
      }
    case 'seen':
      return { ...progress, seen: Math.max(event.local, event.remote) }
    case 'hashed':
      return { ...progress, hashed: event.files }
    case 'planned':
      return { ...progress, transfers: event.transfers, bytes: event.bytes }
    case 'bytes':
      return { ...progress, bytesDone: progress.bytesDone + event.bytes }
    case 'action':
      return TRANSFERS.has(event.action.kind)
        ? { ...progress, transfersDone: progress.transfersDone + 1 }
        : progress
    default:
      return progress
  }
}

/** The status line of a terminal. */
export function statusLine(progress: Progress, now: number): string {
  const { phase, seen, hashed, transfers, transfersDone, bytes, bytesDone, began } = progress
  switch (phase) {
    case 'comparing':
      return `comparing: ${seen} files${hashed > 0 ? `, ${hashed} read` : ''}`
    case 'transferring': {
      const seconds = Math.max((now - began) / 1000, 0.1)
      const rate = bytesDone / seconds
      const left =
        rate > 0 && bytes > bytesDone ? `, ${formatDuration((bytes - bytesDone) / rate)} left` : ''
      return `${transfersDone} of ${transfers} files, ${formatBytes(bytesDone)} of ${formatBytes(bytes)}, ${formatBytes(rate)}/s${left}`
    }
    default:
      return `${phase} …`
  }
}
