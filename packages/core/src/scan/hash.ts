import { createHash, hash } from 'node:crypto'
import type { DiskFile } from '../disk/disk.ts'
import type { ByteRange, DigestAlgorithm, Digests } from '../provider/index.ts'

/** Up to this size a file is held in memory from its first byte to its last, and costs no stream. */
export const SMALL_FILE = 256 * 1024
/** Up to this size one read and one call for the digest cost less than chunks whose memory is used again. */
const READ_AT_ONCE = 16 * 1024

export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/** The sha256 of some of the file's bytes. */
export async function hashRange(
  file: DiskFile,
  range: ByteRange,
  signal: AbortSignal,
): Promise<string> {
  const hasher = createHash('sha256')
  for await (const chunk of file.read(range, signal)) hasher.update(chunk)
  return hasher.digest('hex')
}

/** Reads the file once and computes sha256 and the other algorithms asked for, as far as they are known here. */
export async function hashFile(
  file: DiskFile,
  size: number,
  also: readonly DigestAlgorithm[],
  signal: AbortSignal,
): Promise<Digests & { readonly sha256: string }> {
  if (size <= READ_AT_ONCE && also.length === 0) return { sha256: sha256Of(await file.readAll()) }
  const digests = digester(also)
  for await (const chunk of file.read({ reuse: true }, signal)) digests.update(chunk)
  return digests.digest()
}

/** Takes bytes, and gives their sha256 and the other digests asked for, as far as they are known here. */
export function digester(also: readonly DigestAlgorithm[]): {
  update(chunk: Uint8Array): void
  digest(): Digests & { readonly sha256: string }
} {
  const sha256 = createHash('sha256')
  const hashers = also.flatMap((algorithm) => {
    const hasher = hasherOf(algorithm)
    return hasher === undefined ? [] : [{ algorithm, hasher }]
  })
  return {
    update(chunk) {
      sha256.update(chunk)
      for (const { hasher } of hashers) hasher.update(chunk)
    },
    digest() {
      const digests: Partial<Record<DigestAlgorithm, string>> = {}
      for (const { algorithm, hasher } of hashers) digests[algorithm] = hasher.digest()
      return { ...digests, sha256: sha256.digest('hex') }
    },
  }
}

interface Hasher {
  update(chunk: Uint8Array): void
  digest(): string
}

function hasherOf(algorithm: DigestAlgorithm): Hasher | undefined {
  if (algorithm === 'md5') {
    const md5 = createHash('md5')
    return { update: (chunk) => void md5.update(chunk), digest: () => md5.digest('hex') }
  }
  if (algorithm.startsWith('md5/')) return partsHasher(Number(algorithm.slice(4)))
  return undefined
}

/** The MD5 of the MD5s of parts of that many bytes: the ETag of an S3 multipart upload. */
function partsHasher(partSize: number): Hasher {
  const whole = createHash('md5')
  let part = createHash('md5')
  let inPart = 0
  let parts = 0
  const endPart = (): void => {
    whole.update(part.digest())
    part = createHash('md5')
    inPart = 0
    parts++
  }
  return {
    update(chunk) {
      let from = 0
      while (from < chunk.length) {
        const to = Math.min(chunk.length, from + partSize - inPart)
        part.update(chunk.subarray(from, to))
        inPart += to - from
        from = to
        if (inPart === partSize) endPart()
      }
    },
    digest() {
      if (inPart > 0 || parts === 0) endPart()
      return `${whole.digest('hex')}-${parts}`
    },
  }
}
