import { noSuchKey, notImplemented, preconditionFailed } from './errors.ts'
import type { StoredObject } from './store.ts'

type Headers = Readonly<Record<string, string>>

/** The conditions of a write on what it replaces. On a missing key S3 answers If-Match with 404, not with 412. */
export function checkWrite(headers: Headers, key: string, current: StoredObject | undefined): void {
  const noneMatch = headers['if-none-match']
  const match = headers['if-match']
  if (noneMatch !== undefined && noneMatch !== '*')
    throw notImplemented('A write with If-None-Match other than *')
  if (noneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match')
  if (match === undefined) return
  if (current === undefined) throw noSuchKey(key)
  if (!names(match, current)) throw preconditionFailed('If-Match')
}

/** `*` stands for whatever is there. */
export function checkDelete(
  match: string | undefined,
  key: string,
  current: StoredObject | undefined,
): void {
  if (match === undefined) return
  if (current === undefined) throw match === '*' ? preconditionFailed('If-Match') : noSuchKey(key)
  if (match !== '*' && !names(match, current)) throw preconditionFailed('If-Match')
}

/** The conditions of a read. `unchanged` where the answer is 304. */
export function checkRead(headers: Headers, current: StoredObject): 'read' | 'unchanged' {
  const match = headers['if-match']
  const noneMatch = headers['if-none-match']
  const seconds = Math.floor(current.modified / 1000) * 1000
  if (match !== undefined) {
    if (match !== '*' && !names(match, current)) throw preconditionFailed('If-Match')
  } else if (isBefore(headers['if-unmodified-since'], seconds))
    throw preconditionFailed('If-Unmodified-Since')
  if (noneMatch !== undefined)
    return noneMatch === '*' || names(noneMatch, current) ? 'unchanged' : 'read'
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return seconds <= since ? 'unchanged' : 'read'
}

/** The conditions of a copy on its source: the same, in headers of their own, and never 304. */
export function checkSource(headers: Headers, source: StoredObject): void {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('x-amz-copy-source-if-'))
      own[name.slice('x-amz-copy-source-'.length)] = value
  if (checkRead(own, source) === 'unchanged') throw preconditionFailed('x-amz-copy-source-If-')
}

function isBefore(date: string | undefined, modified: number): boolean {
  return date !== undefined && Date.parse(date) < modified
}

/** Quoted or not, one or several. */
function names(condition: string, { etag }: StoredObject): boolean {
  return condition.split(',').some((one) => one.trim().replaceAll('"', '') === etag)
}
