/** What runs in the thread of `node-hash-aside.ts`; it imports nothing of ours, so that it starts at once. */
import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

export interface HashTask {
  readonly descriptor: number
  readonly size: number
  /** A BigInt64Array of one: so many bytes are there; less than zero means stop. */
  readonly whole: SharedArrayBuffer
}

/** Read at once: as much as stays in the processor's own memory until it is hashed. */
const STEP = 512 * 1024

function hash({ descriptor, size, whole }: HashTask): string | undefined {
  const front = new BigInt64Array(whole)
  const sha256 = createHash('sha256')
  const buffer = new Uint8Array(Math.min(STEP, size))
  let at = 0
  while (at < size) {
    const now = Atomics.load(front, 0)
    if (now < 0n) return undefined
    const left = Number(now) - at
    if (left < STEP && Number(now) < size) {
      Atomics.wait(front, 0, now)
      continue
    }
    const read = readSync(descriptor, buffer, 0, Math.min(STEP, left), at)
    // The file was cut.
    if (read === 0) return undefined
    sha256.update(buffer.subarray(0, read))
    at += read
  }
  return sha256.digest('hex')
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
parentPort?.postMessage(hash(workerData as HashTask))
