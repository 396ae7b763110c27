import type { World } from '../disk/world.ts'

/**
 * At most so many at once, first come first served: who takes several at once is not overtaken by those who need fewer. A waiting place is left at once when
 * its signal is aborted.
 */
export class Slots {
  readonly #count: number
  #free: number
  #waiting: { readonly start: () => void; readonly count: number }[] = []

  constructor(count: number) {
    this.#count = count
    this.#free = count
  }

  /** @param count at most as many as there are */
  async take(signal: AbortSignal, count = 1): Promise<void> {
    if (count > this.#count) throw new RangeError(`there are no ${count} places`)
    signal.throwIfAborted()
    if (this.#waiting.length === 0 && this.#free >= count) {
      this.#free -= count
      return
    }
    await new Promise<void>((resolve, reject) => {
      const entry = {
        count,
        start: () => {
          signal.removeEventListener('abort', abort)
          resolve()
        },
      }
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        // Those behind it may need fewer.
        this.#serve()
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.push(entry)
    })
  }

  release(count = 1): void {
    this.#free += count
    this.#serve()
  }

  #serve(): void {
    for (;;) {
      const next = this.#waiting[0]
      if (next === undefined || next.count > this.#free) return
      this.#waiting.shift()
      this.#free -= next.count
      next.start()
    }
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
  #seen = 0

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
    // A clock that was set back: nobody is to wait until it is there again.
    this.#nextFree -= Math.max(this.#seen - now, 0)
    this.#seen = now
    const start = Math.max(now, this.#nextFree)
    this.#nextFree = start + (bytes / this.#rate) * 1000
    if (start > now) await this.#world.sleep(start - now, signal)
  }
}
