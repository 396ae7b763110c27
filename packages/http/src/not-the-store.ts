import { StorageError } from '@lsync/core/provider'
import type { Answer } from './exchange.ts'

/**
 * What answers in a store's place: a network that wants a login first, a proxy in its own name, a console that listens there. What it says of an
 * object is no word of the store's, also where it says yes.
 */

/** True of an answer that may be a web page; whether it is one its text tells. An object may be a page, too: for answers that are no object's. */
export function mayBePage({ headers }: Pick<Answer, 'headers'>): boolean {
  return /^text\/html\b/i.test(String(headers['content-type'] ?? ''))
}

export function isPage(text: string): boolean {
  return /^\s*<(?:!doctype\s+html|html)\b/i.test(text)
}

/** Network Authentication Required. */
const LOGIN_WANTED = 511
const THROTTLED = 429

/** A page that refuses, and not in the store's name: one that fails, or asks for a slower pace, may stand before a store, and passes. */
export function isRefusalPage(status: number, text: string): boolean {
  return isPage(text) && status !== THROTTLED && (status < 500 || status === LOGIN_WANTED)
}

/** Of an answer that may be a page, and in which nothing was expected: pages begin with remarks and scripts, too. */
export function isMarkup(text: string): boolean {
  return /^\s*<(?!\?xml)/i.test(text)
}

/** Whether what was asked took place is unknown: a gateway may have lost its store in the middle. */
export function pageInstead(key: string, host: string, status = 200): StorageError {
  return new StorageError(
    'network',
    `${host} answers with a web page, not as a store: does this network want a login first, or is it the address of a console?`,
    {
      ...(key === '' ? {} : { key }),
      ...(status < 300 ? {} : { detail: `status ${status}` }),
    },
  )
}

/** An absence that nothing shows to be the store's word. Much is done where an object is absent: it is made, or taken for removed. */
export function absentInstead(key: string, host: string): StorageError {
  return new StorageError(
    'network',
    `${host} says that ${key} is not there, and not as a store does: does this network want a login first, or is it the wrong endpoint?`,
    { key, detail: 'status 404' },
  )
}

/** A redirection, which is not followed: the request is signed for one host. Undefined where it leads nowhere. */
export function ledElsewhere(
  key: string,
  host: string,
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
): StorageError | undefined {
  const { location } = headers
  if (status < 300 || status >= 400 || typeof location !== 'string') return undefined
  const there = URL.parse(location, `http://${host}`)?.origin
  if (there === undefined) return undefined
  return new StorageError(
    'network',
    `${host} sends to ${there}, where lsync does not go: does this network want a login first, or is it the wrong endpoint?`,
    { ...(key === '' ? {} : { key }), detail: `status ${status}` },
  )
}
