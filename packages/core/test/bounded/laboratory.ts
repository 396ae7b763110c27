import { type MemoryObject, memoryStore } from '../../src/provider/index.ts'
import type { RunReport } from '../../src/sync/api.ts'
import {
  type Client,
  newClient,
  type RunChoices,
  startRun,
  type World,
} from '../whole-engine/client.ts'
import type { Sabotage } from '../whole-engine/faulty-store.ts'
import type { MemoryDisk } from '../whole-engine/memory-disk.ts'
import { Random } from '../whole-engine/random.ts'
import { Straight } from './straight.ts'
import { type Tree, treeOfDisk, treeOfStore } from './trees.ts'

/** Long enough that no file is too young to be known by its times. */
const PAUSE = 5001

/** All there is at an instant at which nobody works. */
export interface Instant {
  readonly now: number
  readonly objects: ReadonlyMap<string, MemoryObject>
  readonly disks: readonly MemoryDisk[]
}

/** A run, and what was done in it or is to be done. */
export interface Seen {
  /** Not there if it failed. */
  readonly report: RunReport | undefined
  /** As `upload d/a`, and how it ended if it did not end well. */
  readonly actions: readonly string[]
}

/** What a power cut leaves of what was not flushed. */
export interface Rest {
  /** All changes of names, or none. */
  readonly names: boolean
  /** The data of files. */
  readonly data: boolean
}

/** Decides as it is told to, where the simulation leaves it to chance. */
class Decided extends Random {
  rest: Rest = { names: true, data: true }

  override below(limit: number): number {
    return this.rest.names ? limit - 1 : 0
  }

  override chance(probability: number): boolean {
    return probability > 0 && !this.rest.data
  }
}

/** One store and a few clients that can be put back to where they were at any instant. */
export class Laboratory {
  readonly time = new Straight()
  readonly store = memoryStore({ now: () => this.time.now })
  readonly world: World
  readonly #decided = new Decided(1)
  #clients: readonly Client[] = []
  #runs = 0

  constructor(sabotage: Sabotage = {}) {
    this.world = {
      random: this.#decided,
      scheduler: this.time,
      store: this.store,
      faults: { rate: 0 },
      sabotage,
      violations: [],
      resumed: { up: 0, down: 0 },
    }
  }

  /** Nothing anywhere. */
  begin(clients: number): void {
    this.#objects.clear()
    this.#clients = Array.from({ length: clients }, (_, index) =>
      newClient(this.world, `c${index + 1}`),
    )
  }

  get #objects(): Map<string, MemoryObject> {
    return this.store.objects as Map<string, MemoryObject>
  }

  save(): Instant {
    return {
      now: this.time.now,
      objects: new Map(this.store.objects),
      disks: this.#clients.map(({ disk }) => disk.copy()),
    }
  }

  restore({ now, objects, disks }: Instant): void {
    this.time.goTo(now)
    this.#objects.clear()
    for (const [key, object] of objects) this.#objects.set(key, object)
    this.#clients = disks.map((disk, index) => {
      const client = newClient(this.world, `c${index + 1}`)
      client.disk = disk.copy()
      // The lock tells processes apart by their numbers.
      client.runs = ++this.#runs
      return client
    })
    this.world.violations.length = 0
  }

  client(index: number): Client {
    const client = this.#clients[index]
    if (client === undefined) throw new RangeError(`there is no client ${index}`)
    return client
  }

  disk(index: number): MemoryDisk {
    return this.client(index).disk
  }

  local(index: number): Tree {
    return treeOfDisk(this.disk(index))
  }

  get remote(): Tree {
    return treeOfStore(this.store)
  }

  /** Begins a run; its end is to be awaited. */
  start(index: number, choices: Partial<RunChoices> = {}): Promise<Seen> {
    const actions: string[] = []
    this.#pause()
    return startRun(this.world, this.client(index), {
      mode: 'sync',
      conflict: 'manual',
      ...choices,
      onEvent: (event) => {
        if (event.type !== 'action') return
        const { action, result } = event
        const ended = result === 'done' || result === 'planned' ? '' : ` ${result}`
        actions.push(`${action.kind} ${action.path}${ended}`)
      },
    }).then((report) => ({ report, actions }))
  }

  /** A whole run with nothing beside it. */
  async run(index: number, choices: Partial<RunChoices> = {}): Promise<Seen> {
    const seen = await this.start(index, choices)
    this.#pause()
    return seen
  }

  /**
   * A run that dies before a step.
   * @param rest what is left of unflushed things where it dies by a power cut; all, if absent
   * @returns the step that was not taken; undefined if the run ended before it
   */
  async dies(index: number, before: number, rest?: Rest): Promise<string | undefined> {
    const client = this.client(index)
    let count = 0
    let at: string | undefined
    const death = new Promise<void>((resolve) => {
      this.time.onStep = (actor, label) => {
        if (actor !== client.actor || count++ !== before) return
        actor.dead = true
        at = label
        resolve()
      }
    })
    await Promise.race([this.start(index), death])
    if (at === undefined) return undefined
    // Whatever was under way comes to its own next step, and no further.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    this.time.onStep = undefined
    if (rest !== undefined) {
      this.#decided.rest = rest
      client.disk.powerCut()
      this.#decided.rest = { names: true, data: true }
    }
    return at
  }

  #pause(): void {
    this.time.goTo(this.time.now + PAUSE)
  }
}
