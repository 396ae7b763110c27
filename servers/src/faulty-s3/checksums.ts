import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { S3Error } from './errors.ts'

export type Algorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256'
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface Checksum {
  readonly algorithm: Algorithm
  /** Base64, with the number of parts behind a dash if it is put together from theirs. */
  readonly value: string
  readonly type: ChecksumType
}

export const ALGORITHMS: readonly Algorithm[] = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']

export function isAlgorithm(name: string): name is Algorithm {
  return (ALGORITHMS as readonly string[]).includes(name)
}

export function checksumOf(algorithm: Algorithm, bytes: Uint8Array): string {
  return raw(algorithm, bytes).toString('base64')
}

/** As S3 makes it of the parts' checksums. */
export function compositeOf(algorithm: Algorithm, parts: readonly string[]): string {
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
  return `${checksumOf(algorithm, joined)}-${parts.length}`
}

/** What a request says its body's checksum is, in headers or in the trailer of a chunked body. Refused if it is not. */
export function verifyChecksums(
  headers: Readonly<Record<string, string>>,
  bytes: Uint8Array,
): Checksum | undefined {
  let found: Checksum | undefined
  for (const algorithm of ALGORITHMS) {
    const told = headers[`x-amz-checksum-${algorithm}`]
    if (told === undefined) continue
    if (found !== undefined)
      throw new S3Error(
        400,
        'InvalidRequest',
        'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.',
      )
    const value = checksumOf(algorithm, bytes)
    if (value !== told)
      throw new S3Error(
        400,
        'BadDigest',
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      )
    found = { algorithm, value, type: 'FULL_OBJECT' }
  }
  return found
}

export function checksumHeaders({ algorithm, value, type }: Checksum): Record<string, string> {
  return { [`x-amz-checksum-${algorithm}`]: value, 'x-amz-checksum-type': type }
}

function raw(algorithm: Algorithm, bytes: Uint8Array): Buffer {
  switch (algorithm) {
    case 'crc32':
      return word(crc32(bytes))
    case 'crc32c':
      return word(crc32c(bytes))
    case 'crc64nvme':
      return crc64nvme(bytes)
    default:
      return createHash(algorithm).update(bytes).digest()
  }
}

function word(value: number): Buffer {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(value >>> 0)
  return four
}

const CRC32C = new Uint32Array(256).map((_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) value = (value >>> 8) ^ (CRC32C[(value ^ byte) & 0xff] ?? 0)
  return ~value
}

const CRC64 = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte)
  for (let bit = 0; bit < 8; bit++)
    value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n
  return value
})
/** In halves: arithmetic with BigInt is some fifty times slower. */
const HIGH = Uint32Array.from(CRC64, (value) => Number(value >> 32n))
const LOW = Uint32Array.from(CRC64, (value) => Number(value & 0xffffffffn))

function crc64nvme(bytes: Uint8Array): Buffer {
  let high = 0xffffffff
  let low = 0xffffffff
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ (LOW[index] ?? 0)
    high = (high >>> 8) ^ (HIGH[index] ?? 0)
  }
  return Buffer.concat([word(~high), word(~low)])
}
