import { type Disk, DiskError } from '../disk/disk.ts'
import { isStill } from '../execute/guard.ts'
import type { BaseEntry, LocalEntry, Path, RemoteEntry } from '../model/entry.ts'
import type { OnEvent } from '../model/events.ts'
import { isStorageError, type StorageProvider } from '../provider/index.ts'
import { sha256Of } from '../scan/hash.ts'
import { probeDisk } from '../scan/probe-disk.ts'
import { openState } from '../state/open-state.ts'
import type { Machine } from './api.ts'
import { believedDisk } from './believed-disk.ts'
import { refuseInner, tellLeftOutByRules } from './nowhere.ts'
import { openRemote } from './open-remote.ts'
import { lockRepository, type Repository } from './repository.ts'

const FEW_REQUESTS = 4

/** One file as it is here, as it is on the remote, and as both sides last agreed on it. Open, since content is read when it is asked for. */
export interface Sides extends AsyncDisposable {
  readonly path: Path
  readonly local: LocalEntry | undefined
  /** With metadata. */
  readonly remote: RemoteEntry | undefined
  readonly base: BaseEntry | undefined
  /** The content that `local` stands for, or DiskError `busy`: what changes under our hands is nobody's content. A link's is its target. */
  readLocal(): AsyncIterable<Uint8Array>
  /** The content of exactly the version that `remote` stands for. */
  readRemote(): AsyncIterable<Uint8Array>
  /** What both sides last agreed on, if the remote has kept it: whole, and checked against its digest. */
  readBase(): Promise<Uint8Array | undefined>
}

/** Looks at both sides of one file. The lock is held only while the database is read: a person may take her time. */
export async function openSides(
  machine: Machine,
  repository: Repository,
  path: Path,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnEvent },
): Promise<Sides> {
  const { disk: given, config } = repository
  const { world } = machine
  await refuseInner(given, path)
  await tellLeftOutByRules(given, config, [path], onEvent)
  const release = await lockRepository(machine, repository, { reading: true, signal })
  let base: BaseEntry | undefined
  let disk: Disk
  try {
    base = (await (await openState(given, world)).get(path))?.entry
    disk = await believedDisk(given, await probeDisk(given, world))
  } finally {
    await release()
  }
  const provider = await openRemote(machine, repository, { jobs: FEW_REQUESTS, signal, onEvent })
  try {
    const stat = await disk.stat(path)
    const local: LocalEntry | undefined =
      stat?.kind === 'file' || stat?.kind === 'link'
        ? { type: stat.kind, stat, seen: world.now() }
        : undefined
    const remote = await provider.head(path, { signal })
    return {
      path,
      local,
      remote,
      base,
      async *readLocal() {
        if (local === undefined) return
        if (local.type === 'link') {
          yield await disk.readLink(path)
          return
        }
        await using file = await disk.open(path)
        if (!isStill(await file.stat(), local)) throw moved(path)
        yield* file.read({}, signal)
        if (!isStill(await file.stat(), local)) throw moved(path)
      },
      async *readRemote() {
        if (remote === undefined) return
        const { body } = await provider.read(path, { signal, version: remote.version })
        yield* body
      },
      readBase: () => readVersion(provider, path, base, signal),
      [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
    }
  } catch (error) {
    await provider[Symbol.asyncDispose]()
    throw error
  }
}

async function readVersion(
  { history }: StorageProvider,
  path: Path,
  base: BaseEntry | undefined,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (history === undefined || base === undefined || base.type !== 'file') return undefined
  try {
    const { body } = await history.read(path, { signal, version: base.remote.version })
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    // A version token names bytes, but a merge on the wrong base would look right: it is checked.
    return sha256Of(bytes) === base.sha256 ? bytes : undefined
  } catch (error) {
    if (isStorageError(error) && (error.code === 'not-found' || error.code === 'forbidden'))
      return undefined
    throw error
  }
}

function moved(path: Path): DiskError {
  return new DiskError('busy', path, `${path} changed while it was read`)
}
