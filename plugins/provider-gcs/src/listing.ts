import {
  type CallOptions,
  compareKeys,
  type ListRange,
  type ObjectInfo,
  StorageError,
} from '@lsync/core/provider'
import { comingRound } from '@lsync/http'
import { LIST_FIELDS, listedInfo } from './info.ts'
import type { Requester } from './request.ts'

const PAGE = 1000

interface Page {
  readonly items: readonly { readonly name: string }[]
  readonly token: string | undefined
}

/** Listing by key range; the next page is asked for while the present one is looked at. */
export async function* listObjects(
  requester: Requester,
  { prefix, after, before }: ListRange,
  { signal }: CallOptions,
  page = PAGE,
): AsyncIterable<readonly ObjectInfo[]> {
  const root = requester.place.prefix
  const query = {
    prefix: root + prefix,
    maxResults: String(page),
    fields: LIST_FIELDS,
    prettyPrint: 'false',
    // Inclusive: the key itself is passed over below.
    ...(after === undefined ? {} : { startOffset: root + after }),
    ...(before === undefined ? {} : { endOffset: root + before }),
  }
  // A consumer that stops early does not wait for the page that was asked for ahead.
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const ask = async (token: string | undefined): Promise<Page> =>
    pageOf(
      await requester.json({
        method: 'GET',
        path: requester.objects(),
        query: token === undefined ? query : { ...query, pageToken: token },
        signal: both,
      }),
    )
  const order = orderCheck(root + prefix)
  try {
    const comesRound = comingRound()
    let next: Promise<Page> | undefined = ask(undefined)
    while (next !== undefined) {
      const { items, token }: Page = await next
      if (token !== undefined && comesRound(token))
        throw new StorageError('unexpected', 'the bucket lists its names in circles')
      next = token === undefined ? undefined : ask(token)
      // Awaited only in the next turn.
      next?.catch(() => undefined)
      const infos: ObjectInfo[] = []
      for (const item of items) {
        order(item.name)
        const key = item.name.slice(root.length)
        // The remote's own root, which some tools make as a marker; and what an emulator lists that takes no offsets.
        if (key === '' || (after !== undefined && compareKeys(key, after) <= 0)) continue
        if (before !== undefined && compareKeys(key, before) >= 0) continue
        infos.push(listedInfo(key, item))
      }
      signal.throwIfAborted()
      // An emulator may answer with all there is, whatever was asked for.
      for (let at = 0; at < infos.length; at += page) yield infos.slice(at, at + page)
    }
  } finally {
    stop.abort()
  }
}

/** An empty page says that it is one: any other document must not read as an empty bucket. */
function pageOf(document: unknown): Page {
  const {
    kind,
    items = [],
    nextPageToken,
  } = (document ?? {}) as { kind?: unknown; items?: unknown; nextPageToken?: unknown }
  if (kind !== 'storage#objects')
    throw new StorageError('unexpected', 'the answer to a listing is none')
  if (
    !Array.isArray(items) ||
    items.some((item) => typeof (item as { name?: unknown } | null)?.name !== 'string')
  )
    throw new StorageError('unexpected', 'the bucket lists objects without names')
  return {
    items: items as Page['items'],
    token: typeof nextPageToken === 'string' && nextPageToken !== '' ? nextPageToken : undefined,
  }
}

/** The merge with the other sides rests on the order, and absence on there being no gaps: a listing that breaks its own rules is refused. */
function orderCheck(prefix: string): (name: string) => void {
  let last: string | undefined
  return (name) => {
    if (!name.startsWith(prefix))
      throw new StorageError('unexpected', 'the bucket lists a name that was not asked for', {
        key: name,
      })
    if (last !== undefined && compareKeys(last, name) >= 0)
      throw new StorageError('unexpected', 'the bucket lists its names out of order', { key: name })
    last = name
  }
}
