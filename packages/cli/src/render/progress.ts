import type { LsyncEvent } from '@lsync/core'
import { formatBytes, formatDuration } from './format.ts'

/** Where a run is, folded from its events. */
export interface Progress {
  readonly phase: string
  readonly seen: number
  readonly hashed: number
  readonly actions: number
  readonly actionsDone: number
  readonly transfers: number
  readonly transfersDone: number
  readonly bytes: number
  readonly bytesDone: number
  /** The last seconds of the transfers, for the rate: what the network gave a minute ago says little about the time left. */
  readonly samples: readonly Sample[]
}

interface Sample {
  readonly at: number
  readonly bytes: number
}

export const START: Progress = {
  phase: 'opening',
  seen: 0,
  hashed: 0,
  actions: 0,
  actionsDone: 0,
  transfers: 0,
  transfersDone: 0,
  bytes: 0,
  bytesDone: 0,
  samples: [],
}

const SAMPLE_EVERY = 500
const SAMPLES_KEPT = 10_000
const TRANSFERS: ReadonlySet<string> = new Set(['upload', 'download', 'keep-both'])

/** `now` in milliseconds. */
export function fold(progress: Progress, event: LsyncEvent, now: number): Progress {
  switch (event.type) {
    case 'phase':
      return {
        ...progress,
        phase: event.phase,
        samples:
          event.phase === 'transferring' && progress.samples.length === 0
            ? [{ at: now, bytes: progress.bytesDone }]
            : progress.samples,
      }
    case 'seen':
      return { ...progress, seen: Math.max(event.local, event.remote) }
    case 'hashed':
      return { ...progress, hashed: event.files }
    case 'planned':
      return {
        ...progress,
        actions: progress.actions + event.actions,
        transfers: progress.transfers + event.transfers,
        bytes: progress.bytes + event.bytes,
      }
    case 'bytes': {
      const bytesDone = progress.bytesDone + event.bytes
      return { ...progress, bytesDone, samples: sampled(progress.samples, now, bytesDone) }
    }
    case 'resumed':
      // Done, but not now: the rate is of what the network gives.
      return {
        ...progress,
        bytesDone: progress.bytesDone + event.bytes,
        samples: progress.samples.map(({ at, bytes }) => ({ at, bytes: bytes + event.bytes })),
      }
    case 'action':
      return {
        ...progress,
        actionsDone: progress.actionsDone + 1,
        transfersDone: progress.transfersDone + (TRANSFERS.has(event.action.kind) ? 1 : 0),
      }
    default:
      return progress
  }
}

function sampled(samples: readonly Sample[], at: number, bytes: number): readonly Sample[] {
  const last = samples.at(-1)
  if (last !== undefined && at - last.at < SAMPLE_EVERY) return samples
  return [...samples.filter((sample) => at - sample.at <= SAMPLES_KEPT), { at, bytes }]
}

/** The line that says where a run is. */
export function statusLine(progress: Progress, now: number): string {
  const { phase, seen, hashed, actions, actionsDone, transfers, transfersDone } = progress
  switch (phase) {
    case 'comparing':
      return `comparing: ${seen} files${hashed > 0 ? `, ${hashed} read` : ''}`
    case 'transferring':
      return `${transfersDone} of ${transfers} files, ${bytesPart(progress, now)}`
    case 'removing':
      return `removing: ${actionsDone} of ${Math.max(actions, actionsDone)} done`
    default:
      return `${phase} …`
  }
}

function bytesPart({ bytes, bytesDone, samples }: Progress, now: number): string {
  // What has to be sent again counts when it is sent; a total below what was done would look wrong.
  const total = Math.max(bytes, bytesDone)
  const [first] = samples
  const amount = `${formatBytes(bytesDone)} of ${formatBytes(total)}`
  if (first === undefined || now <= first.at) return amount
  const rate = ((bytesDone - first.bytes) * 1000) / (now - first.at)
  const left =
    rate > 0 && total > bytesDone ? `, ${formatDuration((total - bytesDone) / rate)} left` : ''
  return `${amount}, ${formatBytes(rate)}/s${left}`
}
