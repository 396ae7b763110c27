import {
  decideNested,
  type NestedChoices,
  type NestedDecision,
  type NestedRow,
  type PointerHere,
} from '../decide/nested.ts'
import type { Path } from '../model/entry.ts'
import type { Pointer } from '../model/nested.ts'
import { isWithin } from '../model/path.ts'
import type { KnownPointer } from '../state/nested.ts'
import type { FoundPointer } from './pointers.ts'

/** Whose repositories these are, as far as that decides what may be told to others and believed of them. */
export interface NestedScene {
  /** Of the repository around them. */
  readonly remote: string
  /** True if a pointer leads into this repository's own remote, or the reverse; absent where nobody can tell. */
  readonly overlaps?: (pointer: Pointer) => boolean
}

export interface NestedOptions extends NestedChoices {
  readonly within: readonly Path[]
  /** To name a nested repository's path is no mistake. */
  readonly recursive: boolean
}

/** One place of a repository within this one: what is here, what the remote says, and what follows. */
export interface NestedPlace {
  readonly here: PointerHere
  readonly there: FoundPointer | undefined
  readonly decision: NestedDecision
  /** Why it must not be told to others, or not be believed of them. */
  readonly refusal?: string
}

/** What is found out about one place. */
interface NestedEvidence {
  readonly here: PointerHere
  readonly there: FoundPointer | undefined
  /** What this repository knew of it before. */
  readonly known: KnownPointer | undefined
}

export function placeFor(
  scene: NestedScene,
  options: NestedOptions,
  path: Path,
  { here, there, known }: NestedEvidence,
): NestedPlace {
  const { claim, within } = options
  const shown = typeof here === 'object' ? shared(scene, here) : here
  const refusal =
    typeof shown === 'object'
      ? refusalOf(scene, shown)
      : (there?.refusal ?? refusalOf(scene, there?.pointer))
  const decision = decideNested(
    { here: shown, there, base: known?.here === true ? baseOf(known) : undefined },
    // That one is not here says nothing about others, unless it is named. To name what is in it says nothing about the pointer.
    {
      ...options,
      claim: claim && (here === 'absent' ? within.includes(path) : isWithin(path, within)),
    },
  )
  // What must not be told to others is not; what others say and must not be used is said to be so.
  const refused =
    refusal !== undefined && (decision.state === 'elsewhere' || decision.effect === 'publish')
  return {
    here: shown,
    there,
    decision: refused ? { state: 'refused' } : decision,
    ...(refusal === undefined ? {} : { refusal }),
  }
}

/** A folder of this machine is nothing that a bucket could tell others about. */
function shared(scene: NestedScene, pointer: Pointer): Pointer {
  if (!isLocal(pointer.remote) || isLocal(scene.remote)) return pointer
  const { remote: _remote, ...rest } = pointer
  return rest
}

function refusalOf(scene: NestedScene, pointer: Pointer | undefined): string | undefined {
  if (pointer?.remote === undefined) return undefined
  if (isLocal(pointer.remote) && !isLocal(scene.remote))
    return 'its remote is a folder of this machine, which the remote around it cannot know'
  if (scene.overlaps?.(pointer) === true)
    return 'its remote and that of the repository around it contain each other'
  return undefined
}

function baseOf({ pointer, version, fingerprint }: KnownPointer): NestedRow['base'] {
  return {
    pointer,
    ...(version === undefined ? {} : { version }),
    intended: fingerprint === undefined,
  }
}

function isLocal(remote: string | undefined): boolean {
  return remote?.startsWith('file:') === true
}
