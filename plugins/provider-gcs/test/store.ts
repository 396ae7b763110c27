import { createHash } from 'node:crypto'
import type { ByteSource, Expect, StorageProvider } from '@lsync/core/provider'
import { type FaultyGcs, type FaultyGcsOptions, startFaultyGcs } from '@lsync/servers'
import { afterAll } from 'vitest'
import gcs from '../src/index.ts'

export const MIB = 1024 * 1024
export const ABSENT: Expect = { kind: 'absent' }
export const NOTHING = { user: {} }
export const { signal } = new AbortController()

/** A server of its own for a test file, and providers of its bucket, with all that the probe finds there. */
export async function newStore(
  options: FaultyGcsOptions = {},
): Promise<{ readonly server: FaultyGcs; readonly open: () => Promise<StorageProvider> }> {
  const server = await startFaultyGcs({ buckets: ['bucket'], ...options })
  const settings = {
    signal,
    settings: {},
    environment: server.environment,
    concurrency: 4,
  }
  const opened: StorageProvider[] = []
  const first = await gcs.open('gs://bucket/pre', settings)
  opened.push(first)
  const known = await first.probe!({ signal, scratch: 'probe/' })
  afterAll(async () => {
    await Promise.all(opened.map((one) => one[Symbol.asyncDispose]()))
    await server.stop()
  })
  return {
    server,
    async open() {
      const provider = await gcs.open('gs://bucket/pre', { ...settings, known })
      opened.push(provider)
      return provider
    },
  }
}

export function sourceOf(bytes: Uint8Array, digests?: ByteSource['digests']): ByteSource {
  return {
    size: bytes.length,
    digests: digests ?? { sha256: sha256Of(bytes) },
    async *open(from) {
      for (let at = from; at < bytes.length; at += 100_000)
        yield bytes.subarray(at, Math.min(at + 100_000, bytes.length))
    },
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export async function contentOf(provider: StorageProvider, key: string): Promise<Buffer> {
  const { body } = await provider.read(key, { signal })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
