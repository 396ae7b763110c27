import { createHash } from 'node:crypto'
import { digesterOf } from './digester.ts'
import { StorageError } from './errors.ts'
import type { ByteSource, DigestAlgorithm, Expect, ObjectInfo, ObjectMetadata } from './object.ts'

export interface MemoryObject {
  readonly bytes: Uint8Array
  readonly metadata: ObjectMetadata
  readonly modified: number
  readonly version: string
  readonly sha256: string
  readonly md5: string
}

/** The objects of a store in memory: each under its version, changed under conditions only. */
export class MemoryObjects {
  readonly present = new Map<string, MemoryObject>()
  /** Every version of every object, where the store keeps them. */
  readonly #kept: Map<string, MemoryObject> | undefined
  readonly #now: () => number
  #versions = 0

  constructor(now: () => number, keepsVersions: boolean) {
    this.#now = now
    this.#kept = keepsVersions ? new Map<string, MemoryObject>() : undefined
  }

  check(key: string, expect: Expect): void {
    const version = this.present.get(key)?.version
    const holds = expect.kind === 'absent' ? version === undefined : version === expect.version
    if (!holds)
      throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
  }

  store(key: string, bytes: Uint8Array, metadata: ObjectMetadata): ObjectInfo {
    const object: MemoryObject = {
      bytes,
      metadata,
      modified: this.#now(),
      version: `v${++this.#versions}`,
      sha256: digestOf('sha256', bytes),
      md5: digestOf('md5', bytes),
    }
    this.present.set(key, object)
    this.#kept?.set(`${object.version} ${key}`, object)
    return this.infoOf(key, object)
  }

  /** Also one that was overwritten or removed since. */
  kept(key: string, version: string): MemoryObject | undefined {
    return this.#kept?.get(`${version} ${key}`)
  }

  infoOf(
    key: string,
    { bytes, metadata, modified, version, sha256, md5 }: MemoryObject,
  ): ObjectInfo {
    return {
      key,
      size: bytes.length,
      modified,
      version,
      fingerprint: version,
      digests: { sha256, md5 },
      metadata,
      ...(this.#kept === undefined ? {} : { historyId: version }),
    }
  }
}

export function digestOf(algorithm: 'sha256' | 'md5', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

/** All bytes of the source, checked against what it announces. */
export async function collect(
  key: string,
  source: ByteSource,
  signal: AbortSignal,
): Promise<Uint8Array> {
  signal.throwIfAborted()
  const chunks: Uint8Array[] = []
  for await (const chunk of source.open(0, signal)) chunks.push(chunk)
  signal.throwIfAborted()
  const bytes = Buffer.concat(chunks)
  const announced = Object.keys(source.digests) as DigestAlgorithm[]
  const digester = digesterOf(announced)
  digester.update(bytes)
  const digests = digester.digest()
  if (
    bytes.length !== source.size ||
    announced.some((algorithm) => digests[algorithm] !== source.digests[algorithm])
  )
    throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
  return bytes
}
