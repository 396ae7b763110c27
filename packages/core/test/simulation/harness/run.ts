import { DiskError } from '../../../src/disk/disk.ts'
import { LsyncError } from '../../../src/model/errors.ts'
import type { ConflictPolicy, GuardName } from '../../../src/model/plan.ts'
import { isStorageError } from '../../../src/provider/index.ts'
import {
  checkEqual,
  checkOwed,
  checkRows,
  storeSnapshot,
  storeTree,
  type Violation,
} from './checks.ts'
import { Client } from './client.ts'
import type { Engine, EngineContext, EngineReport } from './engine.ts'
import { FaultyStore } from './faulty-store.ts'
import { History } from './history.ts'
import { memoryDisk } from './memory-disk.ts'
import { act } from './person.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { settle } from './settle.ts'

export interface SimulationOptions {
  /** Default: as the seed says. */
  readonly faults?: boolean
  readonly deaths?: boolean
  /** Guarantees that the store only looks at before it acts: content may then be lost to others. */
  readonly checked?: readonly ('create' | 'replace' | 'remove')[]
  /** People use no folders, and only contents are compared in the end: for an engine that knows of nothing else. */
  readonly plain?: boolean
  /** Called with each line of the story: steps, and what people do. */
  readonly onLine?: (line: string) => void
}

export interface Simulation {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** Equal for equal runs. */
  readonly hash: string
  readonly steps: number
  readonly runs: number
  readonly deaths: number
  readonly edits: number
}

export const ALL_GUARDS: readonly GuardName[] = [
  'mass-delete',
  'emptied',
  'mass-change',
  'unrelated',
  'other-remote',
]

const EFFECTS = /^(?:rename|flush|append|replaceText|PUT|DELETE|remove|create|setExecutable|write)/

/** What a simulated run may do besides what the person asked for. */
interface Mishaps {
  readonly deaths: number
  readonly interrupts: number
}

export async function simulate(
  seed: number,
  options: SimulationOptions,
  engine: Engine,
): Promise<Simulation> {
  return new Run(seed, options, engine).simulate()
}

/** The state of one simulation, for what plays in it. */
export class Run {
  readonly seed: number
  readonly engine: Engine
  readonly scheduler: Scheduler
  readonly store: FaultyStore
  readonly history: History
  readonly clients: readonly Client[]
  readonly violations: Violation[] = []
  readonly listsFolders: boolean
  readonly #random: Random
  readonly #options: SimulationOptions
  readonly #mishaps: Mishaps
  #runs = 0
  #gone: ReadonlySet<string> = new Set()
  #deaths = 0

  constructor(seed: number, options: SimulationOptions, engine: Engine) {
    this.seed = seed
    this.engine = engine
    this.#options = options
    const random = new Random(seed)
    this.#random = random
    const { onLine } = options
    this.scheduler = new Scheduler({
      random: random.fork(),
      longestStep: random.pick([0.1, 1, 5]),
      stickiness: random.pick([0, 0.5, 0.9]),
      mostSteps: 100_000,
      ...(onLine === undefined
        ? {}
        : {
            onStep: (step, now, process, label) => {
              this.#tellWhatVanished()
              onLine(`${step} ${(now % 1e7).toFixed(1)} ${process}: ${label}`)
            },
          }),
    })
    this.listsFolders = !random.chance(0.1)
    this.store = new FaultyStore(this.scheduler, {
      random: random.fork(),
      pageSize: random.pick([1, 3, 1000]),
      faults: options.faults === false ? 0 : random.pick([0, 0, 0.02, 0.1]),
      vouches: random.pick(['sha256', 'md5', 'nothing']),
      listsFolders: this.listsFolders,
      checked: options.checked ?? [],
    })
    this.#mishaps = {
      deaths: options.deaths === false ? 0 : random.pick([0, 0.2, 0.5]),
      interrupts: random.pick([0, 0, 0.1]),
    }
    const names = ['anna', 'ben', 'carla', 'dan'].slice(0, random.pick([2, 2, 2, 3, 3, 4]))
    const granularity = random.pick([0.25, 0.25, 4, 10, 1000, 2000])
    this.clients = names.map(
      (name) =>
        new Client(
          name,
          () => this.scheduler.now,
          granularity,
          random.chance(0.3) ? random.between(-100_000, 100_000) : 0,
        ),
    )
    this.history = new History({
      elsewhere: (client, path, content) =>
        storeTree(this.store.memory).get(path) === content ||
        this.clients.some((other) => other.name !== client && other.tree().get(path) === content),
      anywhere: (content) =>
        [...storeTree(this.store.memory).values()].includes(content) ||
        this.clients.some(
          (client) =>
            [...client.tree().values()].includes(content) ||
            client.hidden().trash.has(content) ||
            client.hidden().other.has(content),
        ),
    })
    if (onLine !== undefined) {
      const log = this.history.log
      const push = log.push.bind(log)
      log.push = (...lines) => {
        for (const line of lines) onLine(`    ${line}`)
        return push(...lines)
      }
    }
  }

  async simulate(): Promise<Simulation> {
    try {
      this.scheduler.spawn(() => this.#begin())
      await this.scheduler.run()
      for (const client of this.clients) this.scheduler.spawn(() => this.#life(client))
      await this.scheduler.run()
      this.store.unreliable = false
      this.scheduler.spawn(() => settle(this))
      await this.scheduler.run()
      this.violations.push(...checkOwed(this.history, this.clients, this.store))
      this.violations.push(...this.differences())
    } catch (error) {
      this.violations.push({
        kind: 'failed',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
    return {
      seed: this.seed,
      violations: this.violations,
      hash: this.scheduler.hash,
      steps: this.scheduler.steps,
      runs: this.#runs,
      deaths: this.#deaths,
      edits: this.history.log.length,
    }
  }

  /** Often all begin with the same files, long agreed on. */
  async #begin(): Promise<void> {
    const [first] = this.clients
    if (first === undefined || this.#random.chance(0.3)) return
    const { unreliable } = this.store
    this.store.unreliable = false
    for (let i = this.#random.between(2, 8); i > 0; i--) this.#act(first, this.#random)
    for (const client of [first, ...this.clients.slice(1)])
      await this.start(client, { peaceful: true })
    for (const client of this.clients) client.files.flushAll()
    await this.scheduler.sleep(this.scheduler.process('pause'), 5000)
    this.store.unreliable = unreliable
  }

  #act(client: Client, random: Random): void {
    act(client, random, this.history, this.#options.plain === true)
  }

  /** One client's person and runs, side by side. */
  async #life(client: Client): Promise<void> {
    const random = this.#random.fork()
    const person = this.scheduler.process(`${client.name}'s person`)
    // At the fastest, people act within the few steps that one file takes.
    const pace = random.pick([1, 5, 50, 500])
    const edits = random.between(2, pace === 1 ? 20 : 10)
    const mood = { busy: true }
    this.scheduler.spawn(async () => {
      for (let i = 0; i < edits; i++) {
        await this.scheduler.sleep(person, random.fraction() * pace)
        await this.scheduler.step(person, 'acts')
        this.#act(client, random)
      }
      mood.busy = false
    })
    const runs = random.between(2, 5)
    for (let i = 0; i < runs || (mood.busy && i < 12); i++) {
      await this.scheduler.sleep(person, random.fraction() * pace)
      await this.start(client, { peaceful: false })
    }
  }

  /** One run of lsync, to its end or its death. */
  async start(
    client: Client,
    { peaceful, policy = 'manual' }: { peaceful: boolean; policy?: ConflictPolicy },
  ): Promise<EngineReport | undefined> {
    const random = this.#random
    const number = ++this.#runs
    const process = this.scheduler.process(`${client.name}#${number}`)
    client.running = process
    const interrupt = new AbortController()
    const draws = random.fork()
    const disk = memoryDisk(client.files, (label) => this.scheduler.step(process, label))
    const context: EngineContext = {
      name: client.name,
      disk,
      provider: this.store.open(process),
      world: {
        now: () => this.scheduler.now + client.skew,
        sleep: (milliseconds, signal) => this.scheduler.sleep(process, milliseconds, signal),
        token: () => draws.token(),
      },
      signal: interrupt.signal,
      self: { pid: number, host: client.name, boot: String(client.boot), started: String(number) },
      isAlive: ({ pid, host, boot }) =>
        host === client.name &&
        boot === String(client.boot) &&
        client.running?.name === `${client.name}#${pid}`,
      mode: peaceful || random.chance(0.7) ? 'sync' : random.pick(['pull', 'push']),
      paths:
        peaceful || random.chance(0.7)
          ? []
          : [random.pick(['a', 'b', 'd', 'd/e', 'y', 'z', 'a/x'])],
      policy: peaceful ? policy : random.pick(['manual', 'manual', 'keep-both']),
      allow: ALL_GUARDS,
    }
    let died: (() => void) | undefined
    const death = new Promise<void>((resolve) => (died = resolve))
    if (!peaceful && random.chance(this.#mishaps.deaths)) {
      const byEffect = random.chance(0.6)
      process.countdown = {
        left: Math.floor(Math.exp(random.fraction() * Math.log(byEffect ? 30 : 200))) - 1,
        ...(byEffect ? { only: EFFECTS } : {}),
        onDeath: () => {
          this.#die(client)
          died?.()
        },
      }
    } else if (!peaceful && random.chance(this.#mishaps.interrupts)) {
      process.countdown = {
        left: random.below(60),
        onDeath: () => interrupt.abort(new Error('interrupted')),
      }
    }
    const outcome = await Promise.race([
      this.engine.run(context).then(
        (report) => ({ report }),
        (error: unknown) => ({ error }),
      ),
      death,
    ])
    if (outcome === undefined) {
      this.violations.push(...(await this.#rowsOf(client)))
      return undefined
    }
    const unattended = this.scheduler.forget(process).filter((label) => EFFECTS.test(label))
    if (unattended.length > 0)
      this.violations.push({
        kind: 'unattended',
        message: `${client.name}#${number} ended before: ${unattended.join(', ')}`,
      })
    client.running = undefined
    if ('report' in outcome) {
      this.#options.onLine?.(
        `    ${client.name}#${number} ends: ${JSON.stringify({
          conflicts: outcome.report.conflicts.map(({ path, kind }) => `${path} (${kind})`),
          problems: outcome.report.problems.map(({ path, code }) => `${path} (${code})`),
          halted: outcome.report.halted,
        })}`,
      )
      return outcome.report
    }
    const { error } = outcome
    this.#options.onLine?.(`    ${client.name}#${number} fails: ${String(error)}`)
    // An engine may give up on a bad store; what it may not do is fail for another reason.
    const excused =
      !peaceful &&
      (isStorageError(error) || error === interrupt.signal.reason || error instanceof LsyncError)
    if (!excused)
      this.violations.push({
        kind: 'failed',
        message: `${client.name}#${number}: ${error instanceof Error ? (error instanceof DiskError ? `${error.code} ` : '') + (error.stack ?? '') : String(error)}`,
      })
    return undefined
  }

  /** The process dies where it stands; at times the whole machine loses its power. */
  #die(client: Client): void {
    this.#deaths++
    const process = client.running
    if (process !== undefined) this.scheduler.kill(process)
    client.running = undefined
    if (this.#random.chance(0.5)) {
      this.history.log.push(`${client.name}'s run is killed`)
      client.files.closeAll()
      return
    }
    const before = client.tree()
    client.files.cut(this.#random.fork())
    client.boot++
    this.history.powerFailed(client.name, before, client.tree())
  }

  async #rowsOf(client: Client): Promise<readonly Violation[]> {
    const draws = this.#random.fork()
    return checkRows(this.engine, client, this.store, {
      now: () => this.scheduler.now,
      sleep: async () => undefined,
      token: () => draws.token(),
    })
  }

  /** Checks what every client's database claims. */
  async checkRows(): Promise<void> {
    for (const client of this.clients) this.violations.push(...(await this.#rowsOf(client)))
  }

  differences(): readonly Violation[] {
    return checkEqual(this.clients, this.store, {
      folders: this.listsFolders,
      contentOnly: this.#options.plain === true,
    })
  }

  snapshots(): string {
    return JSON.stringify([
      [...storeSnapshot(this.store.memory)],
      ...this.clients.map((client) => [...client.snapshot()]),
    ])
  }

  /** Of each object its version: a write shows, even of equal content. */
  versions(): string {
    return JSON.stringify(
      [...this.store.memory.objects].map(([key, { version }]) => [key, version]),
    )
  }

  /** For the reader of a trace: the step after which a content that is owed is live no more, and the one after which it is again. */
  #tellWhatVanished(): void {
    const gone = new Set(
      checkOwed(this.history, this.clients, this.store).map(({ message }) => message),
    )
    for (const message of gone)
      if (!this.#gone.has(message)) this.#options.onLine?.(`  ! ${message}`)
    for (const message of this.#gone)
      if (!gone.has(message)) this.#options.onLine?.(`  . no more: ${message}`)
    this.#gone = gone
  }
}
