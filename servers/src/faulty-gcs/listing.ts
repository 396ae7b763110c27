import { compareUtf8, lowerBound } from '../faulty/order.ts'
import { number } from './conditions.ts'
import type { Handler } from './context.ts'
import { invalid } from './errors.ts'
import { jsonAnswer, resourceOf } from './resources.ts'

const LARGEST_PAGE = 1000

export const listObjects: Handler = ({ store, pageSize, hidden }, request) => {
  const { query } = request
  const bucket = store.bucket(request.bucket)
  const prefix = query.get('prefix') ?? ''
  const start = query.get('startOffset') ?? ''
  const end = query.get('endOffset')
  const token = query.get('pageToken')
  const most = Math.min(number(query, 'maxResults') ?? LARGEST_PAGE, LARGEST_PAGE, pageSize)
  const behind = token === undefined ? undefined : readToken(token)
  const { keys } = bucket
  const from = [prefix, start, behind ?? ''].reduce((a, b) => (compareUtf8(a, b) < 0 ? b : a))
  const items: Record<string, unknown>[] = []
  let last: string | undefined
  let more = false
  for (let index = lowerBound(keys, from); index < keys.length; index++) {
    const key = keys[index] ?? ''
    if (!key.startsWith(prefix)) break
    if (end !== undefined && compareUtf8(key, end) >= 0) break
    if (key === behind || hidden(key)) continue
    more = items.length === most
    if (more) break
    const object = bucket.get(key)
    if (object !== undefined) items.push(resourceOf(bucket.name, key, object))
    last = key
  }
  return jsonAnswer(request, {
    kind: 'storage#objects',
    // Left out where there are none, as Google does.
    ...(items.length === 0 ? {} : { items }),
    ...(more && last !== undefined ? { nextPageToken: makeToken(last) } : {}),
  })
}

/** Opaque, so that no client comes to rely on a name in it. */
function makeToken(key: string): string {
  return Buffer.from(`after:${key}`).toString('base64url')
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (!text.startsWith('after:')) throw invalid('Invalid value for pageToken.')
  return text.slice('after:'.length)
}
