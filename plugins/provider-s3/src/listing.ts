import {
  type CallOptions,
  compareKeys,
  type ListRange,
  type ObjectInfo,
  StorageError,
} from '@lsync/core/provider'
import { listedInfo } from './info.ts'
import type { Requester } from './request.ts'
import { isTombstone } from './tombstones.ts'
import { type Listed, type ListingPage, parseListing } from './xml.ts'

/** The most keys that S3 puts into one answer. */
export const LIST_PAGE = 1000
/** So many objects are in memory at once, and not a whole page: few enough that they are gone before the memory behind them is tidied. */
const SLICE = 64

/** Listing by key range; the next page is asked for while the present one is looked at. */
export async function* listObjects(
  requester: Requester,
  prefix: string,
  range: ListRange,
  { signal }: CallOptions,
  page = String(LIST_PAGE),
): AsyncIterable<readonly ObjectInfo[]> {
  const query: Record<string, string> = {
    'encoding-type': 'url',
    'list-type': '2',
    'max-keys': page,
    prefix: prefix + range.prefix,
    ...(range.after === undefined ? {} : { 'start-after': prefix + range.after }),
  }
  // A consumer that stops early does not wait for the page that was asked for ahead.
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const ask = async (token: string | undefined): Promise<ListingPage> => {
    const asked = token === undefined ? query : { ...query, 'continuation-token': token }
    return parseListing(await requester.text({ method: 'GET', query: asked, signal: both }))
  }
  /** Nothing that was asked for can come behind this key. */
  const reaches = (last: string | undefined): boolean =>
    last !== undefined &&
    range.before !== undefined &&
    compareKeys(`${last}\0`, prefix + range.before) >= 0
  const order = orderCheck(prefix + range.prefix, range.after && prefix + range.after)
  try {
    let next: Promise<ListingPage> | undefined = ask(undefined)
    while (next !== undefined) {
      const { objects, last, token }: ListingPage = await next
      next = token === undefined || reaches(last) ? undefined : ask(token)
      // Awaited only in the next turn.
      next?.catch(() => undefined)
      let infos: ObjectInfo[] = []
      for (const object of objects) {
        order(object)
        const key = object.key.slice(prefix.length)
        if (range.before !== undefined && compareKeys(key, range.before) >= 0) {
          if (infos.length > 0) yield infos
          return
        }
        // The remote's own root, which some tools make as a marker.
        if (key === '' || isTombstone(object.etag)) continue
        infos.push(listedInfo(object, key))
        if (infos.length < SLICE) continue
        signal.throwIfAborted()
        yield infos
        infos = []
      }
      signal.throwIfAborted()
      if (infos.length > 0) yield infos
    }
  } finally {
    stop.abort()
  }
}

/** The merge with the other sides rests on the order, and absence on there being no gaps: a listing that breaks its own rules is refused. */
function orderCheck(prefix: string, after: string | undefined): (object: Listed) => void {
  let last = after
  return ({ key }) => {
    if (!key.startsWith(prefix))
      throw new StorageError('unexpected', `the bucket lists a key that was not asked for`, { key })
    if (last !== undefined && compareKeys(last, key) >= 0)
      throw new StorageError('unexpected', `the bucket lists its keys out of order`, { key })
    last = key
  }
}
