import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  type ByteSource,
  type Expect,
  isStorageError,
  type ListRange,
  type ObjectInfo,
  type ObjectMetadata,
  type StorageErrorCode,
  type StorageProvider,
  type WriteOptions,
} from '@lsync/core/provider'
import type { Scene } from './case.ts'

export const ABSENT: Expect = { kind: 'absent' }
export const NO_METADATA: ObjectMetadata = { user: {} }

export function versionOf(info: ObjectInfo): Expect {
  return { kind: 'version', version: info.version }
}

export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content
}

/** A source as core makes them: digest known, opened as often as asked. */
export function sourceOf(
  content: string | Uint8Array,
  digests?: ByteSource['digests'],
): ByteSource {
  const bytes = bytesOf(content)
  return {
    size: bytes.length,
    digests: digests ?? { sha256: createHash('sha256').update(bytes).digest('hex') },
    async *open(from) {
      for (let at = from; at < bytes.length; at += 65_536)
        yield bytes.subarray(at, Math.min(at + 65_536, bytes.length))
    },
  }
}

export function put(
  { provider, signal }: Pick<Scene, 'provider' | 'signal'>,
  key: string,
  content: string | Uint8Array,
  {
    expect = ABSENT,
    metadata = NO_METADATA,
  }: Partial<Pick<WriteOptions, 'expect' | 'metadata'>> = {},
): Promise<ObjectInfo> {
  return provider.write(key, sourceOf(content), { signal, expect, metadata })
}

export async function contentOf(
  { provider, signal }: Pick<Scene, 'provider' | 'signal'>,
  key: string,
  range: { readonly version?: string; readonly from?: number; readonly length?: number } = {},
): Promise<Buffer> {
  const { body } = await provider.read(key, { signal, ...range })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function textOf(
  scene: Pick<Scene, 'provider' | 'signal'>,
  key: string,
): Promise<string> {
  return (await contentOf(scene, key)).toString()
}

export async function keysOf(
  provider: StorageProvider,
  range: ListRange,
  signal: AbortSignal,
): Promise<string[]> {
  return (await listOf(provider, range, signal)).map(({ key }) => key)
}

export async function listOf(
  provider: StorageProvider,
  range: ListRange,
  signal: AbortSignal,
): Promise<ObjectInfo[]> {
  const all: ObjectInfo[] = []
  for await (const page of provider.list(range, { signal })) all.push(...page)
  return all
}

/** The operation is refused with one of these codes. */
export async function refuses(
  operation: Promise<unknown>,
  ...codes: readonly StorageErrorCode[]
): Promise<void> {
  let result: unknown
  try {
    result = await operation
  } catch (error) {
    assert.ok(isStorageError(error), `expected a StorageError, not ${String(error)}`)
    assert.ok(
      codes.includes(error.code),
      `expected ${codes.join(' or ')}, not ${error.code}: ${error.message}`,
    )
    return
  }
  assert.fail(`expected ${codes.join(' or ')}, but it succeeded: ${JSON.stringify(result)}`)
}
