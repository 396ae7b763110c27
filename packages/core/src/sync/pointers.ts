import { parse, stringify } from 'yaml'
import type { PointerThere } from '../decide/nested.ts'
import { runPool } from '../execute/pool.ts'
import type { Path } from '../model/entry.ts'
import { NESTED_PREFIX, pathOfPointer, type Pointer, pointerKey } from '../model/nested.ts'
import { checkKey } from '../model/path.ts'
import type { CallOptions, Expect, ObjectInfo, StorageProvider } from '../provider/index.ts'
import { isSharedSetting, isSafeAddress } from '../state/settings.ts'
import type { KnownPointers } from '../state/nested.ts'
import { LONGEST, readSmallObject, writeSmallObject } from './small-object.ts'

/** The format of a pointer. A newer one is not believed, and left alone. */
const POINTER_FORMAT = 1

/** A pointer on the remote, with why it must not be used, if so. */
export interface FoundPointer extends PointerThere {
  readonly fingerprint: string
  readonly refusal?: string
}

export interface FoundPointers {
  readonly pointers: ReadonlyMap<Path, FoundPointer>
  /** Pointers for what can be no path here. */
  readonly unsafe: readonly Path[]
}

/** All pointers of the outer remote: one listing, and a request for each that was not seen before. */
export async function readPointers(
  provider: StorageProvider,
  known: KnownPointers,
  jobs: number,
  signal: AbortSignal,
): Promise<FoundPointers> {
  const infos = new Map<Path, ObjectInfo>()
  const unsafe: Path[] = []
  for await (const page of provider.list({ prefix: NESTED_PREFIX }, { signal }))
    for (const info of page) {
      const path = pathOfPointer(info.key)
      if (path === undefined) continue
      if (checkKey(path) === undefined && !path.endsWith('/')) infos.set(path, info)
      else unsafe.push(path)
    }
  const pointers = new Map<Path, FoundPointer>()
  await runPool(infos, jobs, signal, async ([path, info], aborted) => {
    const before = known.get(path)
    const { version, fingerprint } = info
    if (before?.fingerprint === fingerprint && before.version === version)
      pointers.set(path, { pointer: before.pointer, version, fingerprint })
    else pointers.set(path, await readPointer(provider, info, aborted))
  })
  return { pointers, unsafe }
}

async function readPointer(
  provider: StorageProvider,
  info: ObjectInfo,
  signal: AbortSignal,
): Promise<FoundPointer> {
  const { version, fingerprint } = info
  if (info.size > LONGEST)
    return { version, fingerprint, refusal: 'it is too long to be a pointer' }
  const found = await readSmallObject(provider, info.key, signal)
  // Gone or replaced since the listing: what was listed is what stands, the next run sees the new state.
  if (found === undefined || found.info.version !== version)
    return { version, fingerprint, refusal: 'it is being changed just now' }
  return { version, fingerprint, ...parsePointer(found.text) }
}

/** Whoever may write to the outer remote wrote this: nothing of it is taken on trust. */
export function parsePointer(
  text: string,
): { readonly pointer: Pointer } | { readonly refusal: string } {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 0 })
  } catch {
    value = undefined
  }
  const { format, remote, id, settings } = (value ?? {}) as Record<string, unknown>
  if (typeof format !== 'number') return { refusal: 'it is damaged' }
  if (format > POINTER_FORMAT) return { refusal: 'it was written by a newer lsync' }
  if (remote !== undefined && !isSafeAddress(remote))
    return { refusal: 'its remote is no address, or holds credentials' }
  if (id !== undefined && (typeof id !== 'string' || !/^[\w-]{1,100}$/.test(id)))
    return { refusal: 'it is damaged' }
  const given = typeof settings === 'object' && settings !== null ? Object.entries(settings) : []
  const safe = given.filter((entry): entry is [string, string] => isSharedSetting(...entry))
  if (safe.length < given.length)
    return { refusal: 'it brings settings that only a person may choose' }
  return {
    pointer: {
      ...(typeof remote === 'string' ? { remote } : {}),
      ...(id === undefined ? {} : { id }),
      settings: Object.fromEntries(safe),
    },
  }
}

export function pointerText({ remote, id, settings }: Pointer): string {
  const document = {
    format: POINTER_FORMAT,
    ...(remote === undefined ? {} : { remote }),
    ...(id === undefined ? {} : { id }),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
  }
  return `# Made by lsync: at this path lies a repository of its own, which syncs to another place.\n${stringify(document, { lineWidth: 0 })}`
}

export function writePointer(
  provider: StorageProvider,
  path: Path,
  pointer: Pointer,
  options: CallOptions & { readonly expect: Expect },
): Promise<ObjectInfo> {
  return writeSmallObject(provider, pointerKey(path), pointerText(pointer), options)
}
