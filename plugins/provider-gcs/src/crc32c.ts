/** CRC-32C of the bytes, going on from an earlier one. */
export type Crc32c = (bytes: Uint8Array, previous?: number) => number

let loaded: Promise<Crc32c> | undefined

/** Native: 7 GB/s; where there is no build for this machine, the one in Google's library, at a fiftieth of that. */
export function loadCrc32c(): Promise<Crc32c> {
  loaded ??= (async () => {
    try {
      const native = await import('@node-rs/crc32')
      return (bytes, previous) => native.crc32c(bytes, previous)
    } catch {
      const { CRC32C } = await import('@google-cloud/storage')
      return (bytes, previous = 0) => {
        const crc = new CRC32C(previous)
        crc.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
        return crc.valueOf()
      }
    }
  })()
  return loaded
}

/** As the JSON API writes it: base64 of the four bytes, the highest first. */
export function encodeCrc32c(value: number): string {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(value >>> 0)
  return four.toString('base64')
}

/** As digests are told: eight lower-case hex digits. */
export function hexCrc32c(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
