import { setImmediate } from 'node:timers'
import type { Random } from './random.ts'

/** One simulated process: what it awaits is parked here, and never goes on once it is dead. */
export interface Process {
  readonly name: string
  dead: boolean
  readonly parked: Parked[]
  /** How many steps whose label matches it may still take; then `onDeath` is called in the place of one more. */
  countdown?: { left: number; readonly only?: RegExp; readonly onDeath: () => void }
}

interface Parked {
  readonly label: string
  readonly resume: () => void
}

interface Sleeper extends Parked {
  readonly process: Process
  readonly wake: number
}

export interface SchedulerOptions {
  readonly random: Random
  /** Virtual milliseconds that a step takes at most. */
  readonly longestStep: number
  /** How likely the process of the last step takes the next one too. */
  readonly stickiness: number
  /** More steps than this, and the run counts as endless. */
  readonly mostSteps: number
  /** Called with each step, for a trace that a person reads. */
  readonly onStep?: (step: number, now: number, process: string, label: string) => void
}

/** Any start will do; not on a whole second, which the engine takes for the mark of a coarse clock. */
const START = Date.UTC(2026, 0, 31, 12) + 123.25

/**
 * Runs processes cooperatively in virtual time: every asynchronous operation parks, and once everything stands still, one is picked.
 * A turn of the event loop by `setImmediate` lies between two steps: promises settle before it, however deep they are chained.
 */
export class Scheduler {
  now = START
  steps = 0
  readonly #options: SchedulerOptions
  readonly #processes: Process[] = []
  #sleepers: Sleeper[] = []
  #last: Process | undefined
  #running = 0
  #failure: { readonly error: unknown } | undefined
  #low = 0x811c9dc5
  #high = 0x1234567

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  /** Equal for equal runs. */
  get hash(): string {
    return (
      (this.#high >>> 0).toString(16).padStart(8, '0') +
      (this.#low >>> 0).toString(16).padStart(8, '0')
    )
  }

  process(name: string): Process {
    const process: Process = { name, dead: false, parked: [] }
    this.#processes.push(process)
    return process
  }

  /** Resolves when the scheduler picks it; never, once the process is dead. */
  step(process: Process, label: string): Promise<void> {
    return new Promise((resume) => {
      if (!process.dead) process.parked.push({ label, resume })
    })
  }

  sleep(process: Process, milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (process.dead) return
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      const sleeper: Sleeper = {
        process,
        label: 'wake',
        wake: this.now + Math.max(milliseconds, 0),
        resume: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      const abort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        // Where it has woken but was not picked yet, the promise is settled here all the same.
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#sleepers.push(sleeper)
    })
  }

  /** Starts an activity that the run waits for. Its failure is a fault of the simulation itself, and ends it. */
  spawn(activity: () => Promise<void>): void {
    this.#running++
    activity().then(
      () => this.#running--,
      (error: unknown) => {
        this.#failure ??= { error }
      },
    )
  }

  /** Nothing of it ever goes on; what it awaited is dropped, and collected. */
  kill(process: Process): void {
    process.dead = true
    process.parked.length = 0
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.process !== process)
    this.forget(process)
  }

  /**
   * A process that has ended takes no turns any more.
   * @returns what it left under way
   */
  forget(process: Process): readonly string[] {
    const at = this.#processes.indexOf(process)
    if (at >= 0) this.#processes.splice(at, 1)
    return process.parked.map(({ label }) => label)
  }

  /** Goes on until all activities have ended and nothing is parked. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (this.#failure !== undefined) throw this.#failure.error
          if (this.#advance()) setImmediate(turn)
          else resolve()
        } catch (error) {
          reject(error)
        }
      }
      setImmediate(turn)
    })
  }

  /** One step; false when all is done. */
  #advance(): boolean {
    this.#wake()
    let ready = this.#processes.filter((process) => process.parked.length > 0)
    // What wakes first may belong to a process that has ended.
    while (ready.length === 0 && this.#sleepers.length > 0) {
      this.now = Math.min(...this.#sleepers.map(({ wake }) => wake))
      this.#wake()
      ready = this.#processes.filter((process) => process.parked.length > 0)
    }
    if (ready.length === 0) {
      if (this.#running === 0) return false
      throw new Error('something is awaited that is no part of the simulation: nothing can go on')
    }
    const { random, stickiness, longestStep, mostSteps } = this.#options
    const process =
      this.#last !== undefined && this.#last.parked.length > 0 && random.chance(stickiness)
        ? this.#last
        : random.pick(ready)
    this.#last = process
    const { countdown } = process
    const [parked] = process.parked.splice(random.below(process.parked.length), 1)
    if (parked === undefined) throw new TypeError('a ready process has something parked')
    if (countdown !== undefined && (countdown.only?.test(parked.label) ?? true)) {
      if (countdown.left <= 0) {
        delete process.countdown
        this.#trace(process.name, `dies before: ${parked.label}`)
        // Whoever only interrupts it leaves the operation as it was: parked.
        process.parked.push(parked)
        countdown.onDeath()
        return true
      }
      countdown.left--
    }
    if (++this.steps > mostSteps) throw new Error(`no end after ${mostSteps} steps`)
    this.now += random.fraction() * longestStep
    this.#trace(process.name, parked.label)
    parked.resume()
    return true
  }

  #wake(): void {
    if (this.#sleepers.length === 0) return
    const asleep: Sleeper[] = []
    for (const sleeper of this.#sleepers)
      if (sleeper.wake <= this.now) sleeper.process.parked.push(sleeper)
      else asleep.push(sleeper)
    this.#sleepers = asleep
  }

  #trace(process: string, label: string): void {
    this.#options.onStep?.(this.steps, this.now, process, label)
    this.#mix(process)
    this.#mix(label)
  }

  #mix(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      this.#low = Math.imul(this.#low ^ code, 0x01000193)
      this.#high = Math.imul(this.#high ^ (code + this.#low), 0x85ebca6b)
    }
  }
}
