import type { SortedStream } from '../model/side.ts'
import type { ListRange, ObjectInfo, StorageProvider } from '../provider/index.ts'

/** More do not pay: the store becomes the limit, and what arrives early waits in memory. */
const AT_ONCE = 4
/** So many answers a range: enough that its beginning costs little, few enough to be held. */
const PAGES = 4

/** How many keys a range should have. */
export function rangeLength(page: number): number {
  // A little less than whole pages, since nobody knows exactly what is there.
  return Math.floor(page * (PAGES - 0.25))
}

/**
 * Everything, listed in ranges of keys, several at once, in order: a page names the next one, so that one range alone takes a round trip a page.
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
  const collect = async (range: ListRange): Promise<readonly (readonly ObjectInfo[])[]> => {
    const pages: (readonly ObjectInfo[])[] = []
    for await (const page of provider.list(range, { signal: both })) pages.push(page)
    return pages
  }
  const ahead: ReturnType<typeof collect>[] = []
  let next = 0
  const begin = (): void => {
    if (next > cuts.length) return
    const after = cuts[next - 1]
    const cut = cuts[next++]
    const range = collect({
      prefix: '',
      ...(after === undefined ? {} : { after }),
      // The cut itself belongs to the range that it ends: nothing lies between a key and the same with a zero behind it.
      ...(cut === undefined ? {} : { before: `${cut}\0` }),
    })
    // Seen when its turn comes.
    range.catch(() => undefined)
    ahead.push(range)
  }
  try {
    while (ahead.length < AT_ONCE && next <= cuts.length) begin()
    for (let range = ahead.shift(); range !== undefined; range = ahead.shift()) {
      const pages = await range
      begin()
      yield* pages
    }
  } finally {
    stop.abort()
    await Promise.allSettled(ahead)
  }
}
