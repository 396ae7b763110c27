import type { Path } from './entry.ts'
import { isFolderKey } from './path.ts'

/** Where a repository within another one syncs to: all that the outer one shares of it. */
export interface Pointer {
  /** Absent where it would help nobody else: a folder of one machine, in a repository whose remote is none. */
  readonly remote?: string
  /** The identity of that remote; absent where it could not be given one. */
  readonly id?: string
  /** What it takes to reach it (region, endpoint, …); never a secret. */
  readonly settings: Readonly<Record<string, string>>
}

/**
 * `here`: it is here, and the remote knows it or is told by this run. `elsewhere`: others have it. `gone`: it was removed here, and the
 * remote is told. `kept`: others removed it, and it is still here. `differs`: it is here, with another remote than others noted.
 * `unfinished`: a `.lsync` folder without a configuration. `refused`: what the remote says of it must not be used.
 */
export type NestedState =
  | 'here'
  | 'elsewhere'
  | 'gone'
  | 'kept'
  | 'differs'
  | 'unfinished'
  | 'refused'

/** What of a nested repository's folder the outer one knew before: its own rows do not change any more. */
export interface LeftOver {
  /** Files here, where no repository of its own is; and objects of the outer remote. */
  here: number
  remote: number
  /** The first of them. */
  readonly paths: Path[]
}

/** So many left-over paths are told by name. */
const NAMED = 20

export function countLeftOver(
  leftOver: LeftOver,
  path: Path,
  sides: { readonly here: boolean; readonly remote: boolean },
): void {
  if (isFolderKey(path) || (!sides.here && !sides.remote)) return
  if (sides.here) leftOver.here++
  if (sides.remote) leftOver.remote++
  if (leftOver.paths.length < NAMED) leftOver.paths.push(path)
}

/** A repository within this one, as a run found it. */
export interface Nested {
  readonly path: Path
  readonly state: NestedState
  readonly pointer?: Pointer
  /** What the outer remote is told: that it is there (`publish`), or not any more (`withdraw`). */
  readonly effect?: 'publish' | 'withdraw'
  /** Absent where there is no effect, or it waits for a push. */
  readonly result?: 'done' | 'planned' | 'failed'
  readonly leftOver: Readonly<LeftOver>
}

export const NESTED_PREFIX = '.lsync/nested/'
const POINTER_NAME = '/pointer.yaml'

/** A file in a folder of its own, so that no two paths can be in each other's way. */
export function pointerKey(path: Path): string {
  return `${NESTED_PREFIX}${path}${POINTER_NAME}`
}

/** Undefined if the key is no pointer's. Whether the path can be one here is another question. */
export function pathOfPointer(key: string): Path | undefined {
  return key.startsWith(NESTED_PREFIX) && key.endsWith(POINTER_NAME)
    ? key.slice(NESTED_PREFIX.length, -POINTER_NAME.length)
    : undefined
}

export function samePointer(a: Pointer, b: Pointer): boolean {
  return (
    a.remote === b.remote &&
    (a.id === b.id || a.id === undefined || b.id === undefined) &&
    a.settings['endpoint'] === b.settings['endpoint']
  )
}
