import type { Path } from '../model/entry.ts'
import { samePointer } from '../model/nested.ts'
import type { KnownPointer, KnownPointers } from '../state/nested.ts'
import type { NestedPlace } from './nested-place.ts'
import type { FoundPointers } from './pointers.ts'

/** What is about to be told is known first: should this run die before it knows the answer, the next one still knows whose it was. */
export function knownBefore(
  known: KnownPointers,
  places: ReadonlyMap<Path, NestedPlace>,
): KnownPointers {
  const next = new Map(known)
  for (const [path, { here, there, decision }] of places)
    if (decision.effect === 'publish' && typeof here === 'object')
      next.set(path, {
        pointer: here,
        here: true,
        ...(there === undefined ? {} : { version: there.version }),
      })
  return next
}

/** @param told what this run told the remote, and what came of it; undefined where a pointer was taken back */
export function knownAfter(
  known: KnownPointers,
  found: FoundPointers,
  places: ReadonlyMap<Path, NestedPlace>,
  told: ReadonlyMap<Path, KnownPointer | undefined>,
): KnownPointers {
  const next = new Map<Path, KnownPointer>()
  for (const path of new Set([...found.pointers.keys(), ...known.keys(), ...told.keys()])) {
    const now = told.has(path) ? told.get(path) : unchanged(known, found, path, places.get(path))
    if (now !== undefined) next.set(path, now)
  }
  return next
}

/** What is known of a pointer that this run did not change. An agreement is given up only for a new one, or where its subject is gone. */
function unchanged(
  before: KnownPointers,
  found: FoundPointers,
  path: Path,
  { here, decision }: Pick<NestedPlace, 'here' | 'decision'> = {
    here: 'unknown',
    decision: { state: undefined },
  },
): KnownPointer | undefined {
  const there = found.pointers.get(path)
  const known = before.get(path)
  const read =
    there?.pointer === undefined
      ? undefined
      : { pointer: there.pointer, version: there.version, fingerprint: there.fingerprint }
  if (decision.state === 'here' && typeof here === 'object' && read !== undefined)
    if (samePointer(read.pointer, here)) return { ...read, here: true }
  const over = here === 'absent' && decision.state !== 'gone'
  if (known?.here === true && !over) return known
  return read === undefined ? undefined : { ...read, here: false }
}

export function sameKnown(a: KnownPointers, b: KnownPointers): boolean {
  const plain = (known: KnownPointers): string =>
    JSON.stringify(
      [...known]
        .toSorted(([x], [y]) => (x < y ? -1 : 1))
        .map(([path, { pointer, version, fingerprint, here }]) => [
          path,
          pointer.remote,
          pointer.id,
          Object.entries(pointer.settings),
          version,
          fingerprint,
          here,
        ]),
    )
  return plain(a) === plain(b)
}
