import { Worker } from 'node:worker_threads'
import type { HashAside } from './disk.ts'
import type { HashTask } from './node-hash-thread.ts'

// From the sources, or as it is published.
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './node-hash-thread.ts' : './node-hash-thread.js',
  import.meta.url,
)

/** The sha256 of a file that is being written, by a thread of its own, which reads behind the writers from the same descriptor. */
export class NodeHashAside implements HashAside {
  readonly #front = new BigInt64Array(new SharedArrayBuffer(8))
  readonly #ended: Promise<unknown>
  readonly #thread: Worker
  #result: string | undefined

  constructor(descriptor: number, size: number) {
    const workerData: HashTask = { descriptor, size, whole: this.#front.buffer }
    this.#thread = new Worker(THREAD, { workerData, execArgv: [], env: {} })
    this.#ended = new Promise((resolve) => {
      this.#thread.once('message', (digest: string | undefined) => {
        this.#result = digest
      })
      // One that cannot start, or cannot read, has no digest: then the caller reads for itself, and hears why.
      this.#thread.once('error', () => undefined)
      this.#thread.once('exit', resolve)
    })
  }

  reached(whole: number): void {
    if (Atomics.load(this.#front, 0) < 0n) return
    Atomics.store(this.#front, 0, BigInt(whole))
    Atomics.notify(this.#front, 0)
  }

  async digest(): Promise<string | undefined> {
    await this.#ended
    return this.#result
  }

  async stop(): Promise<void> {
    Atomics.store(this.#front, 0, -1n)
    Atomics.notify(this.#front, 0)
    await this.#ended
  }
}
