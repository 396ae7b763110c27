import type { World } from '../../src/disk/world.ts'
import { Random } from '../whole-engine/random.ts'
import { type Actor, Scheduler } from '../whole-engine/scheduler.ts'

const NEVER = new Promise<void>(() => undefined)

interface Parked {
  readonly actor: Actor
  readonly label: string
  readonly resume: () => void
}

/** Goes straight on, with no step waiting for another, unless it is told at which steps to choose who goes on. Time is virtual. */
export class Straight extends Scheduler {
  #now = 1_700_000_000_003
  #tokens = 0
  #parked: Parked[] = []
  /** Told of each step before it is taken: the actor may be dead then. */
  onStep: ((actor: Actor, label: string) => void) | undefined
  #isPoint: (label: string) => boolean = () => false

  constructor() {
    super(new Random(1))
  }

  override get now(): number {
    return this.#now
  }

  goTo(time: number): void {
    this.#now = time
  }

  override async step(actor: Actor, label: string): Promise<void> {
    if (!actor.dead) {
      this.#now++
      this.onStep?.(actor, label)
    }
    if (actor.dead) await NEVER
    if (!this.#isPoint(label)) return
    await new Promise<void>((resume) => {
      this.#parked.push({ actor, label, resume })
    })
  }

  override world(actor: Actor): World {
    return {
      now: () => this.#now,
      sleep: async (milliseconds, signal) => {
        await this.step(actor, 'sleep')
        this.#now += milliseconds
        signal.throwIfAborted()
      },
      token: () => (++this.#tokens).toString(16).padStart(32, '0'),
    }
  }

  /**
   * Until all works are done, somebody is chosen at each of these points; within a work, steps come in their order.
   * @param choose which of the works that wait goes on; asked only where one does
   */
  async interleave(
    works: readonly { readonly actor: Actor; readonly work: Promise<unknown> }[],
    isPoint: (label: string) => boolean,
    choose: (waiting: readonly number[]) => number | Promise<number>,
  ): Promise<void> {
    this.#isPoint = isPoint
    const done = new Set<number>()
    for (const [index, { work }] of works.entries())
      void work.finally(() => done.add(index)).catch(() => undefined)
    try {
      for (;;) {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        if (done.size === works.length) return
        const first = works.map(({ actor }) => this.#parked.find((one) => one.actor === actor))
        const waiting = works.flatMap((_, index) => (first[index] === undefined ? [] : [index]))
        // It is at something that is no step of anybody.
        if (waiting.length === 0) continue
        const next = first[await choose(waiting)]
        if (next === undefined) throw new RangeError('who was chosen does not wait')
        this.#parked.splice(this.#parked.indexOf(next), 1)
        next.resume()
      }
    } finally {
      this.#isPoint = () => false
    }
  }
}
