import type { ByteSource, Digests } from './object.ts'

/**
 * Bytes in memory as a source, for the small objects that a provider writes by itself, as a probe does. They are not copied, so they must not change
 * while the source is in use. Opening it does not fail.
 * @param digests of exactly these bytes, lower-case hex; they are passed on as they are, for the store to check
 */
export function bytesSource(bytes: Uint8Array, digests: Digests = {}): ByteSource {
  return {
    size: bytes.length,
    digests,
    bytes,
    async *open(from) {
      yield bytes.subarray(from)
    },
  }
}
