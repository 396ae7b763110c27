import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Environment, measure, run } from './measure.ts'
import type { Results } from './results.ts'
import { openStore, type Store } from './store.ts'
import { type Command, environmentFor, type Place, type Tool } from './tools.ts'

export interface BenchOptions {
  readonly rounds: number
  /** Files where a work speaks of ten thousand are multiplied by it, and so on. */
  readonly scale: number
  readonly tools: readonly Tool[]
}

/** A tool so many times slower than the fastest one is not run again: its one figure stands. */
const TOO_SLOW = 3

/**
 * What works leave behind. For minutes after files were removed ext4 looks for their places to be free again, one by one, whenever it makes a new file: that
 * cost the tools more than their work. So nothing is removed before all is measured, unless it is large.
 */
const leftOvers: (() => Promise<void>)[] = []

export async function sweep(): Promise<void> {
  for (const remove of leftOvers.splice(0)) await remove()
}

/** A fresh store and a fresh folder for one work. */
export class Bench implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'lsync-bench-'))
  readonly environment: Environment
  readonly store: Store
  readonly options: BenchOptions
  readonly #results: Results
  #made = 0

  private constructor(store: Store, options: BenchOptions, results: Results) {
    this.store = store
    this.options = options
    this.#results = results
    const home = join(this.folder, 'home')
    mkdirSync(home)
    this.environment = environmentFor(home, store)
  }

  static async open(
    options: BenchOptions,
    results: Results,
    roundTrip: number | undefined,
  ): Promise<Bench> {
    return new Bench(await openStore(roundTrip), options, results)
  }

  scaled(files: number): number {
    return Math.max(1, Math.round(files * this.options.scale))
  }

  async bucket(): Promise<string> {
    const name = `bench-${randomUUID()}`
    await this.store.createBucket(name)
    return name
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** One that was not there before. */
  fresh(name: string): string {
    return this.path(`${name}-${this.#made++}`)
  }

  async run(command: Command): Promise<void> {
    await run(command, this.environment)
  }

  async measure(work: string, tool: string, command: Command): Promise<void> {
    // What was written before must not be flushed at this one's expense.
    await run(['sync', '-f', this.folder], this.environment)
    const before = await this.store.traffic()
    const measured = await measure(command, this.environment)
    const after = await this.store.traffic()
    this.#results.add(work, tool, {
      ...measured,
      requests: after.requests - before.requests,
      writes: after.writes - before.writes,
      bytes:
        after.bytes === undefined || before.bytes === undefined
          ? undefined
          : after.bytes - before.bytes,
    })
  }

  /**
   * One work, several rounds, the tools in turn, another one first in each: who writes first after many bytes were removed may pay for memory that the machine
   * has to ask for. `contest` prepares, measures and checks one tool's turn; it returns false where the tool cannot do
   * that work, which is said.
   */
  async rounds(
    work: string,
    contest: (tool: Tool, round: number) => Promise<boolean>,
  ): Promise<void> {
    const out = new Set<string>()
    for (let round = 0; round < this.options.rounds; round++) {
      const { tools } = this.options
      const first = round % tools.length
      for (const tool of [...tools.slice(first), ...tools.slice(0, first)]) {
        if (out.has(tool.name)) continue
        if (!(await contest(tool, round))) {
          console.error(`${work}: ${tool.name} does not do that`)
          out.add(tool.name)
        }
      }
      const walls = this.#results.walls(work)
      const best = Math.min(...walls.values())
      for (const [name, wall] of walls) {
        if (wall <= best * TOO_SLOW || name === 'lsync' || round > 0) continue
        console.error(`${work}: ${name} takes more than ${TOO_SLOW} times the best: not run again`)
        out.add(name)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
    leftOvers.push(async () => {
      await this.store.remove()
      rmSync(this.folder, { recursive: true, force: true })
    })
  }
}

/** Throws unless what is there is what should be: a tool that did not do the work has no figures. */
export function expectSame(
  what: string,
  found: { readonly objects: number; readonly bytes: number },
  expected: { readonly objects: number; readonly bytes: number },
): void {
  if (found.objects !== expected.objects || found.bytes !== expected.bytes)
    throw new Error(
      `${what}: ${found.objects} files of ${found.bytes} bytes, not ${expected.objects} of ${expected.bytes}: the work was not done`,
    )
}

export function placeOf(bucket: string, tool: string, round = 0): Place {
  return { bucket, prefix: `${tool}-${round}` }
}
