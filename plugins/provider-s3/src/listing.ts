import {
  type CallOptions,
  compareKeys,
  type ListRange,
  type ObjectInfo,
  StorageError,
} from '@lsync/core/provider'
import { comingRound } from '@lsync/http'
import { listedInfo } from './info.ts'
import type { Requester } from './request.ts'
import { isTombstone } from './tombstones.ts'
import { type Listed, type ListingPage, parseListing } from './xml.ts'

/** The most keys that S3 puts into one answer. */
export const LIST_PAGE = 1000
/** So many objects are in memory at once, and not a whole page: few enough that they are gone before the memory behind them is tidied. */
const SLICE = 64

/**
 * Listing by key range, for a store that lists in the order of the keys' bytes; the next page is asked for while the present one is looked at.
 */
export async function* listObjects(
  requester: Requester,
  prefix: string,
  range: ListRange,
  { signal }: CallOptions,
): AsyncIterable<readonly ObjectInfo[]> {
  /** Nothing that was asked for can come behind this key. */
  const reaches = (last: string | undefined): boolean =>
    last !== undefined &&
    range.before !== undefined &&
    compareKeys(`${last}\0`, prefix + range.before) >= 0
  const order = orderCheck(prefix + range.prefix, range.after && prefix + range.after)
  const asked: Asked = {
    prefix: prefix + range.prefix,
    reaches,
    ...(range.after === undefined ? {} : { after: prefix + range.after }),
  }
  for await (const { objects } of pagesOf(requester, asked, signal)) {
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
}

interface Asked {
  /** With the remote's own. */
  readonly prefix: string
  readonly after?: string
  /** Keys in one answer, at most. */
  readonly page?: string
  /** True if nothing that is wanted comes behind this key, the last of a page. */
  readonly reaches?: (last: string | undefined) => boolean
}

/** The store's answers, one after the other; the next one is asked for while the present one is looked at. */
export async function* pagesOf(
  requester: Requester,
  { prefix, after, page = String(LIST_PAGE), reaches = () => false }: Asked,
  signal: AbortSignal,
): AsyncIterable<ListingPage> {
  const query: Record<string, string> = {
    'encoding-type': 'url',
    'list-type': '2',
    'max-keys': page,
    prefix,
    ...(after === undefined ? {} : { 'start-after': after }),
  }
  // A consumer that stops early does not wait for the page that was asked for ahead.
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const ask = async (token: string | undefined): Promise<ListingPage> => {
    const asked = token === undefined ? query : { ...query, 'continuation-token': token }
    return parseListing(await requester.text({ method: 'GET', query: asked, signal: both }))
  }
  try {
    const comesRound = comingRound()
    let next: Promise<ListingPage> | undefined = ask(undefined)
    while (next !== undefined) {
      const answer: ListingPage = await next
      if (answer.token !== undefined && comesRound(answer.token))
        throw new StorageError('unexpected', `the bucket lists its keys in circles`)
      next = answer.token === undefined || reaches(answer.last) ? undefined : ask(answer.token)
      // Awaited only in the next turn.
      next?.catch(() => undefined)
      yield answer
    }
  } finally {
    stop.abort()
  }
}

/**
 * Listing for a store whose order is another one, or not known yet. SeaweedFS walks its folders, `a/b` before `a.txt`, and means that order by
 * `start-after`, too: to begin within it would pass keys over. So everything below the prefix is fetched, and put in order here; it is in memory at
 * once, some 300 bytes a key.
 */
export async function* listUnordered(
  requester: Requester,
  prefix: string,
  { prefix: within, after, before }: ListRange,
  { signal }: CallOptions,
): AsyncIterable<readonly ObjectInfo[]> {
  const infos: ObjectInfo[] = []
  for await (const page of pagesOf(requester, { prefix: prefix + within }, signal))
    for (const object of page.objects) {
      checkAsked(prefix + within, object)
      const key = object.key.slice(prefix.length)
      const outside =
        (after !== undefined && compareKeys(key, after) <= 0) ||
        (before !== undefined && compareKeys(key, before) >= 0)
      if (key !== '' && !outside && !isTombstone(object.etag)) infos.push(listedInfo(object, key))
    }
  infos.sort((a, b) => compareKeys(a.key, b.key))
  for (const [index, { key }] of infos.entries())
    if (key === infos[index + 1]?.key)
      throw new StorageError('unexpected', `the bucket lists a key twice`, { key })
  for (let from = 0; from < infos.length; from += SLICE) {
    signal.throwIfAborted()
    yield infos.slice(from, from + SLICE)
  }
}

/** The merge with the other sides rests on the order, and absence on there being no gaps: a listing that breaks its own rules is refused. */
function orderCheck(prefix: string, after: string | undefined): (object: Listed) => void {
  let last = after
  return (object) => {
    const { key } = object
    checkAsked(prefix, object)
    if (last !== undefined && compareKeys(last, key) >= 0)
      throw new StorageError('unexpected', `the bucket lists its keys out of order`, { key })
    last = key
  }
}

function checkAsked(prefix: string, { key }: Listed): void {
  if (!key.startsWith(prefix))
    throw new StorageError('unexpected', `the bucket lists a key that was not asked for`, { key })
}
