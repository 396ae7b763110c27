import type { SortedStream } from '../model/side.ts'
import type { ListRange, ObjectInfo, StorageProvider } from '../provider/index.ts'

/**
 * However much there is. More and shorter ones would never have to wait for each other, but some servers walk from the beginning of each range to
 * the end of the bucket: with 27 ranges MinIO took 10 s for what takes it 2.2 s in one and 2.0 s in four (docs/decisions/0022).
 */
const MOST_RANGES = 4
/** Milliseconds for the quickest answer that are worth another range: each makes the server work more, and holds more in memory. */
const WORTH = 15
/** A range with fewer is not worth its beginning. */
export const FEWEST_PAGES = 3
/** So many keys of ranges whose turn has not come may wait in memory (about 300 bytes each). */
const MOST_WAITING = 32_000
/** So many pages of the range whose turn it is. */
const PAGES_AHEAD = 4

/**
 * 100,000 keys in one folder of a MinIO 20 ms away took 5.2 s in one range, 4.2 s in two or three, 5.5 s in four.
 * @param quickest milliseconds that the quickest answer took; undefined where nobody knows
 */
export function mostRangesFor(quickest: number | undefined): number {
  return Math.min(1 + Math.floor((quickest ?? WORTH * MOST_RANGES) / WORTH), MOST_RANGES)
}

/**
 * Everything, listed in ranges of keys, all at once, in order: a page names the next one, so that one range alone takes a round trip a page.
 *
 * @param cuts keys in ascending order; any will do, those that part the keys evenly are the best
 */
export async function* listRanges(
  provider: StorageProvider,
  cuts: readonly string[],
  signal: AbortSignal,
): SortedStream<ObjectInfo> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const changed = new Bell()
  let turn = 0
  let waiting = 0

  const ranges = Array.from({ length: cuts.length + 1 }, (_, index) => new Range(index, cuts))
  const hasRoom = ({ index, pages }: Range): boolean =>
    index === turn ? pages.length < PAGES_AHEAD : waiting < MOST_WAITING
  const read = async (range: Range): Promise<void> => {
    try {
      for await (const page of provider.list(range.bounds, { signal: both })) {
        range.pages.push(page)
        waiting += page.length
        changed.ring()
        while (!hasRoom(range) && !both.aborted) await changed.next()
        both.throwIfAborted()
      }
    } catch (error) {
      range.failure = { error }
    } finally {
      range.ended = true
      changed.ring()
    }
  }
  const readers = ranges.map(read)
  try {
    for (const range of ranges) {
      turn = range.index
      changed.ring()
      for (;;) {
        const page = range.pages.shift()
        if (page !== undefined) {
          waiting -= page.length
          changed.ring()
          yield page
        } else if (range.failure !== undefined) throw range.failure.error
        else if (range.ended) break
        else await changed.next()
      }
    }
  } finally {
    stop.abort()
    changed.ring()
    await Promise.all(readers)
  }
}

class Range {
  readonly index: number
  readonly bounds: ListRange
  readonly pages: (readonly ObjectInfo[])[] = []
  ended = false
  failure: { readonly error: unknown } | undefined

  constructor(index: number, cuts: readonly string[]) {
    const [after, cut] = [cuts[index - 1], cuts[index]]
    this.index = index
    this.bounds = {
      prefix: '',
      ...(after === undefined ? {} : { after }),
      // The cut itself belongs to the range that it ends: nothing lies between a key and the same with a zero behind it.
      ...(cut === undefined ? {} : { before: `${cut}\0` }),
    }
  }
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
