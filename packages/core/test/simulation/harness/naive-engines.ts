import { createHash } from 'node:crypto'
import { type Disk, DiskError } from '../../../src/disk/disk.ts'
import {
  isStorageError,
  type ObjectInfo,
  type StorageProvider,
} from '../../../src/provider/index.ts'
import type { Engine, EngineContext } from './engine.ts'

/** What a naive engine is careless about; each carelessness must be found by the checks. */
export interface Carelessness {
  /** Uploads over whatever is there, and takes the remote's version without looking at what the person has. */
  readonly lastWriterWins?: boolean
  /** Copies everything to the store once and never looks at what others wrote. */
  readonly neverPulls?: boolean
  /** Uploads what is there already, each time anew. */
  readonly restless?: boolean
  /** Draws from `Math.random`: no run is like another. */
  readonly unseeded?: boolean
}

/**
 * A tiny engine without a base: trees are united, nothing is ever removed or overwritten, and of two contents of one path the local one
 * moves aside. Safe, useless, and enough to prove the harness; or careless as asked.
 */
export function naiveEngine(carelessness: Carelessness = {}): Engine {
  const { lastWriterWins, neverPulls, restless, unseeded } = carelessness
  return {
    async run(context) {
      const { disk, provider, world, signal } = context
      const problems: { path: string; code: string }[] = []
      if (unseeded === true && Math.random() < 0.5) await disk.stat('a')
      const remote = new Map<string, ObjectInfo>()
      for await (const page of provider.list({ prefix: '' }, { signal }))
        for (const info of page) remote.set(info.key, info)
      for (const path of await filesOf(disk, '')) {
        const bytes = await bytesOf(disk, path)
        if (bytes === undefined) continue
        const there = remote.get(path)
        remote.delete(path)
        if (there === undefined) await put(context, path, bytes, undefined)
        else if (lastWriterWins === true) await put(context, path, bytes, there.version)
        else {
          const theirs = await get(provider, path, signal)
          if (theirs === undefined) continue
          if (Buffer.compare(theirs, bytes) !== 0) {
            const aside = `${path}~${world.token().slice(0, 8)}`
            if (await moveAside(disk, path, aside)) remote.set(path, there)
          } else if (restless === true) await put(context, path, bytes, there.version)
        }
      }
      for (const key of neverPulls === true ? [] : remote.keys())
        if (!(await bring(context, key))) problems.push({ path: key, code: 'in-the-way' })
      return { conflicts: [], problems, halted: 0 }
    },
  }
}

/** By rename over a name that nobody has: whatever lies there at that instant moves. */
async function moveAside(disk: Disk, path: string, aside: string): Promise<boolean> {
  try {
    await disk.rename(path, aside, { overwrite: true })
    return true
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

/** False where something stands in the way. */
async function bring(
  { disk, provider, world, signal }: EngineContext,
  key: string,
): Promise<boolean> {
  const bytes = await get(provider, key, signal)
  if (bytes === undefined) return true
  try {
    for (let slash = key.indexOf('/'); slash > 0; slash = key.indexOf('/', slash + 1)) {
      const folder = key.slice(0, slash)
      if ((await disk.stat(folder)) === undefined) await disk.makeFolder(folder)
    }
    const staged = `.lsync/${world.token()}`
    await using writer = await disk.create(staged)
    await writer.write(bytes, 0)
    await disk.flush([staged])
    await disk.rename(staged, key, { overwrite: false })
    await disk.flush([key])
    return true
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

async function put(
  { provider, signal }: EngineContext,
  path: string,
  bytes: Uint8Array,
  version: string | undefined,
): Promise<void> {
  const expect =
    version === undefined ? ({ kind: 'absent' } as const) : ({ kind: 'version', version } as const)
  const source = {
    size: bytes.length,
    digests: {},
    bytes,
    async *open(from: number) {
      yield bytes.subarray(from)
    },
  }
  try {
    await provider.write(path, source, { signal, expect, metadata: { user: {} } })
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
  }
}

async function get(
  provider: StorageProvider,
  key: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    const { info, body } = await provider.read(key, { signal })
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const { sha256 } = info.digests
    if (sha256 === undefined || createHash('sha256').update(bytes).digest('hex') === sha256)
      return bytes
    return undefined
  } catch (error) {
    if (isStorageError(error) && error.code === 'not-found') return undefined
    throw error
  }
}

async function filesOf(disk: Disk, folder: string): Promise<string[]> {
  const found: string[] = []
  try {
    for (const { name, kind } of await disk.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (path === '.lsync') continue
      if (kind === 'folder') found.push(...(await filesOf(disk, path)))
      else found.push(path)
    }
  } catch (error) {
    // Gone meanwhile.
    if (!(error instanceof DiskError)) throw error
  }
  return found
}

async function bytesOf(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    await using file = await disk.open(path)
    return await file.readAll()
  } catch (error) {
    if (error instanceof DiskError) return undefined
    throw error
  }
}
