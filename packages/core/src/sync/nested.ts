import type { IgnoreSettings } from '../decide/ignore.ts'
import type { PointerHere } from '../decide/nested.ts'
import { DiskError, type Disk } from '../disk/disk.ts'
import { problemOf } from '../execute/consequence.ts'
import type { Path } from '../model/entry.ts'
import { type LeftOver, type Nested, type Pointer, pointerKey } from '../model/nested.ts'
import { ancestorsOf, isWithin, joinPath, leadsInto } from '../model/path.ts'
import type { Problem } from '../model/problem.ts'
import type { Expect, StorageProvider } from '../provider/index.ts'
import { LSYNC } from '../state/layout.ts'
import { type KnownPointer, type KnownPointers, writeKnownPointers } from '../state/nested.ts'
import { knownAfter, knownBefore, sameKnown } from './nested-known.ts'
import { lookForRepository } from './nested-look.ts'
import { type NestedOptions, type NestedScene, type NestedPlace, placeFor } from './nested-place.ts'
import { type FoundPointer, type FoundPointers, writePointer } from './pointers.ts'

export interface NestedContext extends NestedScene {
  readonly disk: Disk
  readonly ignore: IgnoreSettings
}

const NOTHING_LEFT: LeftOver = { here: 0, remote: 0, paths: [] }

/**
 * The repositories within this one. Made before the comparison, since it says what the comparison must leave alone; completed by what the
 * comparison came by; then the remote's pointers follow, by compare-and-set.
 */
export class NestedRepositories {
  readonly #context: NestedContext
  readonly #options: NestedOptions
  readonly #known: KnownPointers
  readonly #found: FoundPointers
  readonly #places = new Map<Path, NestedPlace>()
  readonly #leftOver = new Map<Path, LeftOver>()
  /** Paths at and below which nothing may be judged, since others have a repository of its own there. */
  readonly #above = new Set<Path>()
  readonly #results = new Map<Path, 'done' | 'planned' | 'failed'>()
  readonly #failures: Problem[] = []
  #intended = false

  private constructor(
    context: NestedContext,
    options: NestedOptions,
    known: KnownPointers,
    found: FoundPointers,
  ) {
    this.#context = context
    this.#options = options
    this.#known = known
    this.#found = found
  }

  static async open(
    context: NestedContext,
    options: NestedOptions,
    known: KnownPointers,
    found: FoundPointers,
  ): Promise<NestedRepositories> {
    const nested = new NestedRepositories(context, options, known, found)
    for (const path of found.pointers.keys()) nested.#above.add(path)
    for (const path of new Set([...found.pointers.keys(), ...known.keys()])) {
      if (!leadsInto(path, options.within)) continue
      nested.#decide(path, await lookForRepository(context, path))
      // It goes in this run, so what lies there is this repository's own again.
      if (nested.#places.get(path)?.decision.effect === 'withdraw') nested.#above.delete(path)
    }
    return nested
  }

  /** The path at or above this one where others have a repository of its own, if there is one. */
  readonly above = (path: Path): Path | undefined => {
    if (this.#above.size === 0) return undefined
    const found = ancestorsOf(path).find((folder) => this.#above.has(folder))
    return found ?? (this.#above.has(path) ? path : undefined)
  }

  #decide(path: Path, here: PointerHere): void {
    const evidence = { here, there: this.#found.pointers.get(path), known: this.#known.get(path) }
    this.#places.set(path, placeFor(this.#context, this.#options, path, evidence))
  }

  /** What a comparison came by. */
  async complete(
    nested: ReadonlyMap<Path, { readonly here: boolean; readonly leftOver: LeftOver }>,
  ): Promise<void> {
    for (const [path, { here, leftOver }] of nested) {
      this.#leftOver.set(path, leftOver)
      if (!here) continue
      const place = this.#places.get(path)
      // Not there before, or there again: what the walk saw counts.
      if (place === undefined || place.here === 'absent' || place.here === 'unknown')
        this.#decide(path, await lookForRepository(this.#context, path))
    }
  }

  /** Tells the remote, and remembers what it knows. @returns paths whose content must be left alone after all. */
  async settle(
    provider: StorageProvider,
    dryRun: boolean,
    signal: AbortSignal,
  ): Promise<readonly Path[]> {
    const blocked: Path[] = []
    const told = new Map<Path, KnownPointer | undefined>()
    if (!dryRun) await this.#intend()
    for (const [path, { here, there, decision }] of this.#places) {
      if (decision.effect === undefined) continue
      if (dryRun) {
        this.#results.set(path, 'planned')
        continue
      }
      try {
        if (decision.effect === 'publish' && typeof here === 'object')
          told.set(path, await this.#publish(provider, path, here, there, signal))
        else if (there !== undefined) {
          await this.#withdraw(provider, path, there.version, signal)
          told.set(path, undefined)
        }
        this.#results.set(path, 'done')
      } catch (error) {
        signal.throwIfAborted()
        const problem = problemOf(path, error)
        if (problem === undefined) throw error
        this.#results.set(path, 'failed')
        this.#failures.push(problem)
        if (decision.effect === 'withdraw') {
          this.#above.add(path)
          blocked.push(path)
        }
      }
    }
    if (!dryRun) await this.#remember(told)
    return blocked
  }

  async #intend(): Promise<void> {
    const next = knownBefore(this.#known, this.#places)
    if (sameKnown(next, this.#known)) return
    this.#intended = true
    await writeKnownPointers(this.#context.disk, next)
  }

  async #publish(
    provider: StorageProvider,
    path: Path,
    pointer: Pointer,
    there: FoundPointer | undefined,
    signal: AbortSignal,
  ): Promise<KnownPointer> {
    const expect: Expect =
      there === undefined ? { kind: 'absent' } : { kind: 'version', version: there.version }
    const { version, fingerprint } = await writePointer(provider, path, pointer, { expect, signal })
    return { pointer, version, fingerprint, here: true }
  }

  async #remember(told: ReadonlyMap<Path, KnownPointer | undefined>): Promise<void> {
    const next = knownAfter(this.#known, this.#found, this.#places, told)
    if (this.#intended || !sameKnown(next, this.#known))
      await writeKnownPointers(this.#context.disk, next)
  }

  async #withdraw(
    provider: StorageProvider,
    path: Path,
    version: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { disk } = this.#context
    // Absence is confirmed at the moment of the effect, and made to last.
    if ((await disk.stat(joinPath(path, LSYNC))) !== undefined)
      throw new DiskError('busy', path, 'it is a repository of its own again')
    await disk.flushAll()
    await provider.remove(pointerKey(path), { signal, expect: version })
  }

  list(): readonly Nested[] {
    return [...this.#places]
      .flatMap(
        ([
          path,
          {
            here,
            there,
            decision: { state, effect },
          },
        ]): Nested[] => {
          if (state === undefined) return []
          const pointer = typeof here === 'object' ? here : there?.pointer
          const result = this.#results.get(path)
          return [
            {
              path,
              state,
              ...(pointer === undefined ? {} : { pointer }),
              ...(effect === undefined ? {} : { effect }),
              ...(result === undefined ? {} : { result }),
              leftOver: this.#leftOver.get(path) ?? NOTHING_LEFT,
            },
          ]
        },
      )
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Nothing is done there from here; only to claim its pointer it is named with good reason. */
  #isNamedFromOutside(path: Path): boolean {
    const { within, recursive, claim } = this.#options
    return (
      !recursive && within.some((scope) => isWithin(scope, [path]) && !(claim && scope === path))
    )
  }

  problems(): readonly Problem[] {
    const found: Problem[] = [
      ...this.#failures,
      ...this.#found.unsafe.map((path): Problem => ({ path, code: 'name-unsafe' })),
    ]
    for (const [path, { here, there, decision, refusal }] of this.#places) {
      const { state } = decision
      if ((state === 'here' || state === 'kept') && this.#isNamedFromOutside(path))
        found.push({ path, code: 'nested' })
      else if (state === 'differs')
        found.push({
          path,
          code: 'nested-differs',
          ...(there?.pointer?.remote === undefined ? {} : { detail: there.pointer.remote }),
        })
      else if (state === 'refused')
        found.push({
          path,
          code: 'nested-refused',
          ...(refusal === undefined ? {} : { detail: refusal }),
        })
      else if (
        here === 'absent' &&
        this.above(path) === path &&
        (this.#leftOver.get(path)?.here ?? 0) > 0
      )
        found.push({ path, code: 'nested-content' })
    }
    return found
  }
}
