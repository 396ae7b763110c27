import type { IncomingMessage } from 'node:http'
import { S3Error } from './errors.ts'
import type { StoredObject } from './store.ts'
import { type Asked, operationOf, type Operation } from './operations.ts'

/** One request, read but for its body. Keys are exact: nothing is normalised. */
export interface S3Request extends Asked {
  readonly operation: Operation
  /** Whether a slash stands behind the bucket: the signature tells `/bucket` from `/bucket/`. */
  readonly slash: boolean
  /** In the order of arrival, as the signature needs them. */
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** What stood at the key when the request came, on a server that judges conditions by that. */
  readonly stood?: { readonly object: StoredObject | undefined }
}

/** Path style only. `400 InvalidURI` where an escape is no UTF-8. */
export function readRequest(message: IncomingMessage): S3Request {
  const { method = 'GET', url = '/', rawHeaders } = message
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const slash = path.indexOf('/', 1)
  const bucket = decode(slash < 0 ? path.slice(1) : path.slice(1, slash))
  const key = slash < 0 ? '' : decode(path.slice(slash + 1))
  const query = readQuery(mark < 0 ? '' : url.slice(mark + 1))
  const pairs: [string, string][] = []
  const headers: Record<string, string> = {}
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    pairs.push([name, value])
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
  }
  const operation = operationOf({ method, bucket, key, query, headers })
  return { operation, method, bucket, key, slash: slash >= 0, query, headers, pairs }
}

function readQuery(query: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of query.split('&').filter((one) => one !== '')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    found.set(plus(name), equals < 0 ? '' : plus(part.slice(equals + 1)))
  }
  return found
}

function plus(text: string): string {
  return decode(text.replaceAll('+', ' '))
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.")
  }
}
