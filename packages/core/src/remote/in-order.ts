import type { SortedStream } from '../model/side.ts'
import type { ObjectInfo } from '../provider/index.ts'

/** So many keys of parts whose turn has not come may wait in memory (about 300 bytes each). */
const MOST_WAITING = 32_000
/** So many pages of the part whose turn it is. */
const PAGES_AHEAD = 4

/** A part of a listing. */
export type Part = (signal: AbortSignal) => SortedStream<ObjectInfo>

/** Reads the parts of a listing at once, and gives them in order. */
export async function* inOrder(
  parts: readonly Part[],
  atOnce: number,
  signal: AbortSignal,
): SortedStream<ObjectInfo> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const changed = new Bell()
  const begun: Reading[] = []
  const readers: Promise<void>[] = []
  let active = 0
  let turn = 0
  let waiting = 0

  const hasRoom = ({ index, pages }: Reading): boolean =>
    index === turn ? pages.length < PAGES_AHEAD : waiting < MOST_WAITING
  const read = async (part: Part, reading: Reading): Promise<void> => {
    active++
    try {
      for await (const page of part(both)) {
        reading.pages.push(page)
        waiting += page.length
        changed.ring()
        while (!hasRoom(reading) && !both.aborted) await changed.next()
        both.throwIfAborted()
      }
    } catch (error) {
      reading.failure = { error }
    } finally {
      reading.ended = true
      active--
      begin()
      changed.ring()
    }
  }
  const mayBegin = (): boolean => active < atOnce && waiting < MOST_WAITING && !both.aborted
  const begin = (): void => {
    while (mayBegin()) {
      const part = parts[begun.length]
      if (part === undefined) return
      const reading: Reading = { index: begun.length, pages: [], ended: false }
      begun.push(reading)
      readers.push(read(part, reading))
    }
  }
  try {
    for (; turn < parts.length; turn++) {
      begin()
      changed.ring()
      both.throwIfAborted()
      for (;;) {
        const reading = begun[turn]
        const page = reading?.pages.shift()
        if (page !== undefined) {
          waiting -= page.length
          changed.ring()
          yield page
        } else if (reading?.failure !== undefined) throw reading.failure.error
        else if (reading?.ended === true) break
        else await changed.next()
      }
    }
  } finally {
    stop.abort()
    changed.ring()
    await Promise.all(readers)
  }
}

interface Reading {
  readonly index: number
  readonly pages: (readonly ObjectInfo[])[]
  ended: boolean
  failure?: { readonly error: unknown }
}

/** Wakes all who wait for the next change. */
class Bell {
  #next = Promise.withResolvers<void>()

  ring(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }

  next(): Promise<void> {
    return this.#next.promise
  }
}
