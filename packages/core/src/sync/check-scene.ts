import type { World } from '../disk/world.ts'
import {
  type Expect,
  isStorageError,
  type ObjectInfo,
  type ObjectMetadata,
  type StorageProvider,
} from '../provider/index.ts'
import { checkedSource } from './small-object.ts'

/** Where a check works: below `scratch`, which is its own. */
export interface Scene {
  readonly provider: StorageProvider
  readonly scratch: string
  readonly signal: AbortSignal
  readonly world: World
}

export const ABSENT: Expect = { kind: 'absent' }
export const WRITERS = 4
const NONE: ObjectMetadata = { user: {} }

export function put(
  { provider, scratch, signal }: Scene,
  name: string,
  content: string | Uint8Array,
  expect: Expect = ABSENT,
  metadata: ObjectMetadata = NONE,
): Promise<ObjectInfo> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return provider.write(scratch + name, checkedSource(bytes), { signal, expect, metadata })
}

export async function get(
  { provider, scratch, signal }: Scene,
  name: string,
  from = 0,
  length?: number,
): Promise<Buffer> {
  const { body } = await provider.read(scratch + name, {
    signal,
    from,
    ...(length === undefined ? {} : { length }),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function list(
  { provider, signal }: Scene,
  range: Parameters<StorageProvider['list']>[0],
): Promise<readonly ObjectInfo[]> {
  const all: ObjectInfo[] = []
  for await (const page of provider.list(range, { signal })) all.push(...page)
  return all
}

/** Several writes under one condition at once: the object of the one that won, or what went wrong. */
export async function race(
  scene: Scene,
  name: string,
  expect: Expect,
): Promise<ObjectInfo | string> {
  // No content twice: where the version is a digest, a writer that stores what is there already changes nothing.
  const writers = Array.from({ length: WRITERS }, (_, index) => `${expect.kind} ${index} ${name}`)
  const won: { readonly writer: string; readonly info: ObjectInfo }[] = []
  await Promise.all(
    writers.map(async (writer) => {
      try {
        // Each with a mark of its own: a lost answer is settled by what is there.
        const info = await put(scene, name, writer, expect, { user: { author: writer } })
        won.push({ writer, info })
      } catch (error) {
        if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
      }
    }),
  )
  const [winner] = won
  if (winner === undefined || won.length > 1) return `${won.length} succeeded`
  const there = (await get(scene, name)).toString()
  return there === winner.writer
    ? winner.info
    : 'one succeeded, and the content of another is there'
}

export async function refused(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation()
    return false
  } catch (error) {
    if (isStorageError(error) && error.code === 'precondition-failed') return true
    throw error
  }
}

export function versionOf({ version }: ObjectInfo): Expect {
  return { kind: 'version', version }
}

export const keysOf = (infos: readonly ObjectInfo[]): readonly string[] =>
  infos.map(({ key }) => key)

export function same(found: readonly string[], wanted: readonly string[]): boolean {
  return found.length === wanted.length && found.every((key, index) => key === wanted[index])
}

export function differenceOf(
  found: readonly string[],
  wanted: readonly string[],
  what: string,
): string {
  const missing = wanted.filter((key) => !found.includes(key))
  if (missing.length > 0) return `${what} left out ${missing.length} of ${wanted.length} objects.`
  return found.length > wanted.length
    ? `${what} shows objects that nobody wrote.`
    : `${what} comes out of order.`
}

/** Bytes that differ from place to place. */
export function pattern(size: number): Buffer {
  return Buffer.from(
    Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251),
  )
}
