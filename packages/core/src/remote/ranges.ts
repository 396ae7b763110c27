import type { SortedStream } from '../model/side.ts'
import type { ListRange, ObjectInfo, StorageProvider } from '../provider/index.ts'
import { inOrder, type Part } from './in-order.ts'

/**
 * However much there is. More and shorter ones would never have to wait for each other, but some servers walk from the beginning of each range to
 * the end of the bucket: with 27 ranges MinIO took 10 s for what takes it 2.2 s in one and 2.0 s in four (docs/decisions/0022).
 */
const MOST_RANGES = 4
/** Milliseconds for the quickest answer that are worth another range: each makes the server work more, and holds more in memory. */
const WORTH = 15
/** A range with fewer is not worth its beginning. */
export const FEWEST_PAGES = 3

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
export function listRanges(
  provider: StorageProvider,
  cuts: readonly string[],
  signal: AbortSignal,
): SortedStream<ObjectInfo> {
  const parts = Array.from({ length: cuts.length + 1 }, (_, index): Part => {
    const bounds = boundsOf(index, cuts)
    return (both) => provider.list(bounds, { signal: both })
  })
  return inOrder(parts, parts.length, signal)
}

function boundsOf(index: number, cuts: readonly string[]): ListRange {
  const [after, cut] = [cuts[index - 1], cuts[index]]
  return {
    prefix: '',
    ...(after === undefined ? {} : { after }),
    // The cut itself belongs to the range that it ends: nothing lies between a key and the same with a zero behind it.
    ...(cut === undefined ? {} : { before: `${cut}\0` }),
  }
}
