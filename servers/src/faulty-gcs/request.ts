import type { IncomingMessage } from 'node:http'
import { invalid } from './errors.ts'
import type { GcsOperation } from './operations.ts'

/** One request, read but for its body. Names are exact: each is one segment of the path, percent-encoded. */
export interface GcsRequest {
  readonly operation: GcsOperation
  readonly method: string
  /** Empty for requests to the service itself. */
  readonly bucket: string
  /** Empty for requests to a bucket; of an upload, as far as the request tells it. */
  readonly key: string
  /** Where a rewrite goes. */
  readonly destination?: { readonly bucket: string; readonly key: string }
  readonly query: ReadonlyMap<string, string>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export function readRequest({
  method = 'GET',
  url = '/',
  headers: sent,
}: IncomingMessage): GcsRequest {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = readQuery(mark < 0 ? '' : url.slice(mark + 1))
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(sent)) headers[name] = String(value)
  const upload = path.startsWith('/upload/storage/v1/')
  const [, , , collection, bucket = '', objects, key = '', rewrite, ...to] = (
    upload ? path.slice('/upload'.length) : path
  )
    .split('/')
    .map(decode)
  const common = { method, bucket, query, headers }
  if (!/^\/(upload\/)?storage\/v1\/b(\/|$)/.test(path) || collection !== 'b')
    return { ...common, key, operation: 'Unknown' }
  if (upload)
    return {
      ...common,
      key: query.get('name') ?? '',
      operation: objects === 'o' ? uploadOperation(method, query, headers) : 'Unknown',
    }
  if (rewrite === 'rewriteTo' && to[0] === 'b' && to[2] === 'o')
    return {
      ...common,
      key,
      destination: { bucket: to[1] ?? '', key: to[3] ?? '' },
      operation: method === 'POST' ? 'RewriteObject' : 'Unknown',
    }
  if (rewrite !== undefined) return { ...common, key, operation: 'Unknown' }
  return { ...common, key, operation: plainOperation({ method, bucket, objects, key, query }) }
}

function plainOperation({
  method,
  bucket,
  objects,
  key,
  query,
}: Pick<GcsRequest, 'method' | 'bucket' | 'key' | 'query'> & {
  /** The collection within the bucket. */
  readonly objects: string | undefined
}): GcsOperation {
  if (bucket === '') return method === 'POST' ? 'InsertBucket' : 'Unknown'
  if (objects === undefined) return method === 'GET' ? 'GetBucket' : 'Unknown'
  if (objects !== 'o') return 'Unknown'
  if (key === '') return method === 'GET' ? 'ListObjects' : 'Unknown'
  if (method === 'GET') return query.get('alt') === 'media' ? 'ReadObject' : 'GetObject'
  if (method === 'PATCH') return 'PatchObject'
  return method === 'DELETE' ? 'DeleteObject' : 'Unknown'
}

function uploadOperation(
  method: string,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
): GcsOperation {
  if (query.has('upload_id')) {
    if (method === 'DELETE') return 'DeleteUpload'
    if (method !== 'PUT') return 'Unknown'
    return headers['content-range'] === 'bytes */*' ? 'QueryUpload' : 'PutUpload'
  }
  if (method !== 'POST') return 'Unknown'
  const type = query.get('uploadType')
  if (type === 'resumable') return 'BeginUpload'
  return type === 'multipart' || type === 'media' ? 'InsertObject' : 'Unknown'
}

function readQuery(query: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of query.split('&').filter((one) => one !== '')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    found.set(decode(name), equals < 0 ? '' : decode(part.slice(equals + 1).replaceAll('+', ' ')))
  }
  return found
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('The request has an escape that is no UTF-8.')
  }
}
