import { Worker } from 'node:worker_threads'
import type { DigestAlgorithm, Digests } from '../provider/index.ts'
import type { DigestAside, HashAside } from './disk.ts'
import type { HashAnswer, HashOrder } from './node-hash-thread.ts'

// From the sources, or as it is published.
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './node-hash-thread.ts' : './node-hash-thread.js',
  import.meta.url,
)
/** Word of less is not worth a message. */
const STEP = 1024 * 1024

/** Gives a thread of its own what shall be hashed on another core. There is one for all of a disk, as long as it has anything to do. */
export class HashThreads {
  #thread: HashThread | undefined

  /** The sha256 of a file of `size` bytes, read behind the writers from the same descriptor. Throws where the system gives no thread. */
  hash(descriptor: number, size: number): HashAside {
    return this.#living().hash(descriptor, size)
  }

  /** Digests of chunks in shared memory. Throws where the system gives no thread. */
  digest(algorithms: readonly DigestAlgorithm[]): DigestAside {
    return this.#living().digest(algorithms)
  }

  #living(): HashThread {
    if (this.#thread === undefined || this.#thread.isOver) this.#thread = new HashThread()
    return this.#thread
  }
}

/** What the caller is owed of one task. */
interface Waiting {
  readonly end: (digests: Digests | undefined) => void
  /** The last chunk has been read. */
  taken?: () => void
}

class HashThread {
  readonly #worker = new Worker(THREAD, { execArgv: [], env: {} })
  /** By number. */
  readonly #waiting = new Map<number, Waiting>()
  #numbers = 0
  isOver = false

  constructor() {
    this.#worker.on('message', (answer: HashAnswer) => {
      if ('taken' in answer) this.#waiting.get(answer.id)?.taken?.()
      else this.#settle(answer.id, answer.digests)
    })
    // One that cannot start has no digests: then the callers read for themselves, and hear why.
    this.#worker.once('error', () => undefined)
    this.#worker.once('exit', () => {
      this.isOver = true
      for (const id of this.#waiting.keys()) this.#settle(id, undefined)
    })
  }

  hash(descriptor: number, size: number): HashAside {
    const { id, ended, stop } = this.#begin()
    this.#order({ id, algorithms: ['sha256'], file: { descriptor, size } })
    let told = 0
    return {
      reached: (whole) => {
        if (whole === told || (whole - told < STEP && whole < size)) return
        told = whole
        this.#order({ id, whole })
      },
      digest: async () => (await ended)?.sha256,
      stop,
    }
  }

  digest(algorithms: readonly DigestAlgorithm[]): DigestAside {
    const { id, ended, stop } = this.#begin()
    this.#order({ id, algorithms })
    return {
      update: (chunk) =>
        new Promise((resolve) => {
          const waiting = this.#waiting.get(id)
          // The thread is gone: the end will say so.
          if (waiting === undefined) return resolve()
          waiting.taken = resolve
          this.#order({ id, chunk })
        }),
      digest: () => {
        if (this.#waiting.has(id)) this.#order({ id, end: true })
        return ended
      },
      stop,
    }
  }

  #begin(): {
    readonly id: number
    readonly ended: Promise<Digests | undefined>
    readonly stop: () => Promise<void>
  } {
    const id = ++this.#numbers
    const ended = new Promise<Digests | undefined>((end) => this.#waiting.set(id, { end }))
    const stop = async (): Promise<void> => {
      if (this.#waiting.has(id)) this.#order({ id, stop: true })
      await ended
    }
    return { id, ended, stop }
  }

  #settle(id: number, digests: Digests | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.taken?.()
    waiting?.end(digests)
    if (this.#waiting.size > 0 || this.isOver) return
    this.isOver = true
    this.#order('end')
  }

  #order(order: HashOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#worker.postMessage(order)
  }
}
