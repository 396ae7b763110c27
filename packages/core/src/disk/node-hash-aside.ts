import { Worker } from 'node:worker_threads'
import type { HashAside } from './disk.ts'
import type { HashAnswer, HashOrder } from './node-hash-thread.ts'

// From the sources, or as it is published.
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './node-hash-thread.ts' : './node-hash-thread.js',
  import.meta.url,
)
/** Word of less is not worth a message. */
const STEP = 1024 * 1024

/** Gives files to a thread of their own to hash while they are written. There is one for all of a disk, as long as it has anything to do. */
export class HashThreads {
  #thread: HashThread | undefined

  /** The sha256 of a file of `size` bytes, read behind the writers from the same descriptor. Throws where the system gives no thread. */
  hash(descriptor: number, size: number): HashAside {
    if (this.#thread === undefined || this.#thread.isOver) this.#thread = new HashThread()
    return this.#thread.hash(descriptor, size)
  }
}

class HashThread {
  readonly #worker = new Worker(THREAD, { execArgv: [], env: {} })
  /** Who waits, by number. */
  readonly #waiting = new Map<number, (sha256: string | undefined) => void>()
  #numbers = 0
  isOver = false

  constructor() {
    this.#worker.on('message', ({ id, sha256 }: HashAnswer) => this.#settle(id, sha256))
    // One that cannot start has no digests: then the callers read for themselves, and hear why.
    this.#worker.once('error', () => undefined)
    this.#worker.once('exit', () => {
      this.isOver = true
      for (const id of this.#waiting.keys()) this.#settle(id, undefined)
    })
  }

  hash(descriptor: number, size: number): HashAside {
    const id = ++this.#numbers
    const ended = new Promise<string | undefined>((resolve) => this.#waiting.set(id, resolve))
    this.#order({ id, descriptor, size })
    let told = 0
    return {
      reached: (whole) => {
        if (whole === told || (whole - told < STEP && whole < size)) return
        told = whole
        this.#order({ id, whole })
      },
      digest: () => ended,
      stop: async () => {
        if (this.#waiting.has(id)) this.#order({ id, stop: true })
        await ended
      },
    }
  }

  #settle(id: number, sha256: string | undefined): void {
    this.#waiting.get(id)?.(sha256)
    this.#waiting.delete(id)
    if (this.#waiting.size > 0 || this.isOver) return
    this.isOver = true
    this.#order('end')
  }

  #order(order: HashOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#worker.postMessage(order)
  }
}
