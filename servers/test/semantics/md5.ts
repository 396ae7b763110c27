import { createHash } from 'node:crypto'

export function md5(...bytes: readonly Uint8Array[]): Buffer {
  return createHash('md5').update(Buffer.concat(bytes)).digest()
}
