import type { World } from '../disk/clock.ts'

/** At most so many at once, first come first served. A waiting place is left at once when its signal is aborted. */
export class Slots {
  #free: number
  #waiting: { readonly start: () => void; readonly signal: AbortSignal }[] = []

  constructor(count: number) {
    this.#free = count
  }

  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const entry = {
        signal,
        start: () => {
          signal.removeEventListener('abort', abort)
          resolve()
        },
      }
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.push(entry)
    })
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next.start()
  }

  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    await this.take(signal)
    try {
      return await task()
    } finally {
      this.release()
    }
  }
}

/** Bytes per second over all transfers of one direction; without a rate it costs nothing. */
export class Bandwidth {
  readonly #rate: number | undefined
  readonly #world: World
  #nextFree = 0

  constructor(rate: number | undefined, world: World) {
    this.#rate = rate
    this.#world = world
  }

  get limited(): boolean {
    return this.#rate !== undefined
  }

  /** Waits until these bytes may pass. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#rate === undefined) return
    const now = this.#world.now()
    const start = Math.max(now, this.#nextFree)
    this.#nextFree = start + (bytes / this.#rate) * 1000
    if (start > now) await this.#world.sleep(start - now, signal)
  }
}
