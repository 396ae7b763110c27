import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import type { DigestAlgorithm, Digests } from './object.ts'

/** Takes bytes that come one after the other, and gives digests of them all. */
export interface Digester<Result = Digests> {
  update(chunk: Uint8Array): void
  digest(): Result
}

/** The sha256, and the other digests asked for, as far as they are known here. */
export function digester(
  also: readonly DigestAlgorithm[],
): Digester<Digests & { readonly sha256: string }> {
  const sha256 = createHash('sha256')
  const others = digesterOf(also)
  return {
    update(chunk) {
      sha256.update(chunk)
      others.update(chunk)
    },
    digest: () => ({ ...others.digest(), sha256: sha256.digest('hex') }),
  }
}

/** The digests asked for, as far as they are known here. */
export function digesterOf(algorithms: readonly DigestAlgorithm[]): Digester {
  const hashers = algorithms.flatMap((algorithm) => {
    const hasher = hasherOf(algorithm)
    return hasher === undefined ? [] : [{ algorithm, hasher }]
  })
  return {
    update(chunk) {
      for (const { hasher } of hashers) hasher.update(chunk)
    },
    digest() {
      const digests: Partial<Record<DigestAlgorithm, string>> = {}
      for (const { algorithm, hasher } of hashers) digests[algorithm] = hasher.digest()
      return digests
    },
  }
}

type Hasher = Digester<string>

function hasherOf(algorithm: DigestAlgorithm): Hasher | undefined {
  if (algorithm === 'sha256' || algorithm === 'md5') {
    const hasher = createHash(algorithm)
    return { update: (chunk) => void hasher.update(chunk), digest: () => hasher.digest('hex') }
  }
  const [name, partSize = Number.POSITIVE_INFINITY] = algorithm.split('/')
  if (name === 'md5') return ofParts(Number(partSize), md5OfParts())
  if (name === 'crc32') return ofParts(Number(partSize), crc32OfParts())
  return undefined
}

interface PartsHasher extends Hasher {
  endPart(): void
}

/** Cuts what comes into parts. */
function ofParts(partSize: number, hasher: PartsHasher): Hasher {
  let inPart = 0
  let parts = 0
  const endPart = (): void => {
    hasher.endPart()
    inPart = 0
    parts++
  }
  return {
    update(chunk) {
      let from = 0
      while (from < chunk.length) {
        const to = Math.min(chunk.length, from + partSize - inPart)
        hasher.update(chunk.subarray(from, to))
        inPart += to - from
        from = to
        if (inPart === partSize) endPart()
      }
    },
    digest() {
      if (inPart > 0 || parts === 0) endPart()
      return hasher.digest()
    },
  }
}

function md5OfParts(): PartsHasher {
  const whole = createHash('md5')
  let part = createHash('md5')
  let parts = 0
  return {
    update: (chunk) => void part.update(chunk),
    endPart() {
      whole.update(part.digest())
      part = createHash('md5')
      parts++
    },
    digest: () => `${whole.digest('hex')}-${parts}`,
  }
}

function crc32OfParts(): PartsHasher {
  let ended = ''
  let part = 0
  return {
    update: (chunk) => void (part = zlib.crc32(chunk, part)),
    endPart() {
      ended += part.toString(16).padStart(8, '0')
      part = 0
    },
    digest: () => ended,
  }
}
