import type { OnReadOpts, Socket } from 'node:net'

/** Of a read that is no longer than this, undici may keep pieces of headers until the next one brings their end. No headers are as long as that. */
const COPIED = 32 * 1024
/** Longer ones save a tenth of a second of 2 GB, but the system answers them with longer queues, whose bytes a kill costs. */
const SIZE = 64 * 1024

/**
 * @param socket whose reads they are; asked for once there is one
 *
 * Reads of a socket into buffers that are used again. By itself Node.js makes a buffer of 64 KB for each read: a large object is as much garbage, of
 * which V8 lets 60 MB pile up. So a chunk is good until the caller that it was given to returns; who keeps it, copies it.
 */
export function reusedReads(socket: () => Socket): OnReadOpts {
  const spare: Buffer[] = []
  /** What was read into them waits in the socket, perhaps. */
  const lent: Buffer[] = []
  return {
    buffer: () => spare.pop() ?? Buffer.allocUnsafeSlow(SIZE),
    callback(length, bytes) {
      const stream = socket()
      const buffer = bytes as Buffer
      // A part of a chunk that nobody had room for stands there again.
      if (stream.readableLength === 0) spare.push(...lent.splice(0))
      if (length <= COPIED) {
        spare.push(buffer)
        return stream.push(Buffer.from(buffer.subarray(0, length)))
      }
      lent.push(buffer)
      return stream.push(buffer.subarray(0, length))
    },
  }
}
