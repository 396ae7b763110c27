import type { Path, RemoteEntry } from '../model/entry.ts'
import { NESTED_PREFIX } from '../model/nested.ts'
import { checkKey, isFolderKey } from '../model/path.ts'
import type { ProblemCode } from '../model/problem.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import {
  compareKeys,
  type ObjectInfo,
  StorageError,
  type StorageProvider,
} from '../provider/index.ts'
import { IDENTITY_KEY, LSYNC, SCRATCH_PREFIX } from '../state/layout.ts'
import { listNamed } from './named.ts'
import { listRanges } from './ranges.ts'

const OWN = `${LSYNC}/`
/** What some lsync or provider keeps there; anything else was put there by somebody who should not. */
const KNOWN = [IDENTITY_KEY, NESTED_PREFIX, SCRATCH_PREFIX, `${OWN}store/`]

interface ListOptions {
  /** Only these paths and what is below them; empty for everything. */
  readonly within: readonly Path[]
  /** Where to part a listing of everything, so that several ranges are asked for at once. */
  readonly cuts: readonly Path[]
  readonly signal: AbortSignal
  /** Hears how many keys were listed so far. */
  readonly onProgress: (keys: number) => void
}

/**
 * The remote's keys as a sorted stream. Keys that cannot be paths here are unknown, with a problem; lsync's own are left out.
 */
export async function* listRemote(
  provider: StorageProvider,
  { within, cuts, signal, onProgress }: ListOptions,
): SortedStream<Seen<RemoteEntry>> {
  const shadows = new Shadows()
  let last: string | undefined
  let seen = 0
  for await (const page of pages(provider, within, cuts, signal)) {
    const items: Seen<RemoteEntry>[] = []
    for (const info of page) {
      if (last !== undefined && compareKeys(last, info.key) >= 0)
        throw new StorageError('unexpected', `the remote lists its keys out of order`, {
          key: info.key,
        })
      last = info.key
      if (isOwn(info)) continue
      items.push(seenOf(info, shadows))
    }
    seen += items.length
    onProgress(seen)
    yield items
  }
}

function isOwn({ key, size }: ObjectInfo): boolean {
  if (!key.startsWith(OWN)) return false
  return (isFolderKey(key) && size === 0) || KNOWN.some((own) => key.startsWith(own))
}

function seenOf(info: ObjectInfo, shadows: Shadows): Seen<RemoteEntry> {
  const problem = keyProblem(info.key) ?? shadows.check(info)
  // An empty folder whose name a file took: it holds nothing that anybody could miss.
  if (problem === 'below-a-file' && info.size === 0 && shadows.isFile(info.key.slice(0, -1)))
    return { path: info.key, side: { state: 'present', entry: info }, stale: true }
  return problem === undefined
    ? { path: info.key, side: { state: 'present', entry: info } }
    : { path: info.key, side: { state: 'unknown', problem } }
}

function keyProblem(key: string): ProblemCode | undefined {
  const problem = checkKey(key)
  return problem === 'name-reserved' && isOfRemoteWithin(key) ? 'remote-within' : problem
}

/** What a remote keeps for itself, in a folder of this one: somebody made that folder a remote of its own, and both sync what lies in it. */
function isOfRemoteWithin(key: string): boolean {
  const at = key.indexOf(`/${OWN}`) + 1
  return at > 0 && KNOWN.some((own) => key.startsWith(own, at))
}

/**
 * Finds keys that lie below another key, in one pass: in byte order all keys that begin with `a` follow `a` at once,
 * so a stack of the keys that begin the present one is enough.
 */
class Shadows {
  #stack: string[] = []

  isFile(key: string): boolean {
    return this.#stack.includes(key)
  }

  check(info: ObjectInfo): ProblemCode | undefined {
    while (this.#stack.length > 0 && !info.key.startsWith(this.#stack.at(-1) ?? ''))
      this.#stack.pop()
    // Each that is left begins the key, since it begins the next one on the stack.
    for (const file of this.#stack)
      if (info.key.charCodeAt(file.length) === 0x2f /* slash */) return 'below-a-file'
    if (isFolderKey(info.key)) return info.size > 0 ? 'folder-with-content' : undefined
    this.#stack.push(info.key)
    return undefined
  }
}

function pages(
  provider: StorageProvider,
  within: readonly Path[],
  cuts: readonly Path[],
  signal: AbortSignal,
): SortedStream<ObjectInfo> {
  if (within.length > 0) return listNamed(provider, within, signal)
  return cuts.length === 0
    ? provider.list({ prefix: '' }, { signal })
    : listRanges(provider, cuts, signal)
}
