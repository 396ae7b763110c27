import type { World } from '../../src/disk/world.ts'
import type { Random } from './random.ts'

/** Something that lives in the simulation and can die. */
export interface Actor {
  readonly name: string
  dead: boolean
}

interface Parked {
  readonly actor: Actor
  readonly label: string
  readonly wake: number
  readonly resume: () => void
}

/**
 * Decides who goes on: every asynchronous operation of an actor parks here first, and the seed picks one of the parked. Time is virtual.
 * What a dead actor waits for never comes.
 */
export class Scheduler {
  readonly #random: Random
  #parked: Parked[] = []
  #time = 1_700_000_000_000
  #tokens = 0
  /** A hash of all steps so far: the same seed must give the same. */
  trace = 0
  steps = 0
  /** Set to print every step. */
  print: ((line: string) => void) | undefined

  constructor(random: Random) {
    this.#random = random
  }

  get now(): number {
    return this.#time
  }

  step(actor: Actor, label: string): Promise<void> {
    return this.#park(actor, label, 0)
  }

  #park(actor: Actor, label: string, wake: number): Promise<void> {
    return new Promise((resume) => {
      if (!actor.dead) this.#parked.push({ actor, label, wake, resume })
    })
  }

  world(actor: Actor): World {
    return {
      now: () => this.#time,
      sleep: async (milliseconds, signal) => {
        await this.#park(actor, 'sleep', this.#time + milliseconds)
        signal.throwIfAborted()
      },
      token: () => (++this.#tokens).toString(16).padStart(32, '0'),
    }
  }

  kill(actor: Actor): void {
    actor.dead = true
    this.#parked = this.#parked.filter((parked) => parked.actor !== actor)
  }

  /**
   * Goes on until the work is settled; `between` may do anything between two steps. Where it starts work of its own, the run is `open`:
   * it does not end because nobody waits for anything just now.
   */
  async run(work: Promise<unknown>, between: () => void, open = false): Promise<void> {
    let settled = false
    const done = work.then(
      () => (settled = true),
      () => (settled = true),
    )
    for (;;) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      if (settled) break
      between()
      if (!this.#resumeOne() && !open) {
        // Only what is dead was waited for: the work never settles.
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        if (this.#parked.length === 0) break
      }
    }
    if (settled) await done
  }

  #resumeOne(): boolean {
    this.#time++
    let ready = this.#parked.filter(({ wake }) => wake <= this.#time)
    if (ready.length === 0) {
      if (this.#parked.length === 0) return false
      this.#time = Math.min(...this.#parked.map(({ wake }) => wake))
      ready = this.#parked.filter(({ wake }) => wake <= this.#time)
    }
    const chosen = this.#random.pick(ready)
    this.#parked.splice(this.#parked.indexOf(chosen), 1)
    this.#time += this.#random.below(3)
    this.steps++
    const line = `${chosen.actor.name} ${chosen.label}`
    for (let index = 0; index < line.length; index++)
      this.trace = (Math.imul(this.trace, 31) + line.charCodeAt(index)) | 0
    this.print?.(`${this.#time - 1_700_000_000_000} ${line}`)
    chosen.resume()
    return true
  }
}
