import { parse, stringify } from 'yaml'
import type { Disk } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import type { Pointer } from '../model/nested.ts'
import { NESTED } from './layout.ts'

const FORMAT = 1

/** A pointer as the remote was seen to hold it. */
export interface KnownPointer {
  readonly pointer: Pointer
  readonly version?: string
  /** Absent while a run sets out to tell the remote of this pointer: it may hold it, or what it held before (`version`, or none). */
  readonly fingerprint?: string
  /** The repository was here when this was agreed on: should it vanish, a person removed it. */
  readonly here: boolean
}

export type KnownPointers = ReadonlyMap<Path, KnownPointer>

/** What cannot be read is not known: pointers are then read anew, and no removal follows from it. */
export async function readKnownPointers(disk: Disk): Promise<KnownPointers> {
  const known = new Map<Path, KnownPointer>()
  try {
    const value: { readonly format?: unknown; readonly nested?: object } | null = parse(
      (await disk.readText(NESTED)) ?? '',
    )
    if (value?.format !== FORMAT) return known
    for (const [path, row] of Object.entries(value.nested ?? {})) {
      const { version, fingerprint, here, ...pointer } = row as Written
      known.set(path, {
        pointer: { ...pointer, settings: pointer.settings ?? {} },
        ...(typeof version === 'string' ? { version } : {}),
        ...(typeof fingerprint === 'string' ? { fingerprint } : {}),
        here: here === true,
      })
    }
    return known
  } catch {
    return new Map()
  }
}

type Written = Partial<Pointer & Omit<KnownPointer, 'pointer'>>

export async function writeKnownPointers(disk: Disk, known: KnownPointers): Promise<void> {
  const nested = Object.fromEntries(
    [...known]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { pointer, here, ...row }]) => [
        path,
        { ...pointer, ...row, ...(here ? { here } : {}) },
      ]),
  )
  await disk.replaceText(
    NESTED,
    `# Repositories within this one, as the remote knows them. Written by lsync; deleting it costs work, never data.\n${stringify({ format: FORMAT, nested }, { lineWidth: 0 })}`,
  )
}
